import { expect, test } from 'vitest';
import { errorsOf } from './log-noise.ts';

test('drops notices, keeps warnings and errors', () => {
  const log = [
    'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
    'I0000 00:00:1795492828.779863    8516 port.cc:153] oneDNN custom operations are on.',
    'To enable the following instructions: AVX2 AVX512F FMA, in other operations, rebuild TensorFlow.',
    'E0000 00:00:1795492828.779863 8516 cuda_fft.cc:477] Unable to register cuFFT factory: Attempting to register',
    '2026-01-02 03:04:05.678901: I tensorflow/core/platform/cpu_feature_guard.cc:193] This TensorFlow binary',
    'W0000 00:00:1795492828.779863 8516 gpu_device.cc:2344] Cannot dlopen some GPU libraries.',
    'E0000 00:00:1795492828.779863 8516 cuda_executor.cc:1228] INTERNAL: CUDA Runtime error',
    '2026-01-02 03:04:05.678901: F tensorflow/core/platform/cpu_feature_guard.cc:110] uses AVX instructions',
    'terminate called after throwing an instance',
    '',
  ];
  expect(errorsOf(log.join('\n'))).toBe(`${log.slice(5, -1).join('\n')}\n`);
  expect(errorsOf('')).toBe('');
});
