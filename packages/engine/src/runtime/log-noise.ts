// @no-effect-on-results
const NOTICE =
  /^(?:I\d{4} |WARNING: All log messages before absl|To enable the following instructions|.*Unable to register cu\w+ factory)|^\d{4}-\d\d-\d\d [\d:.]+: I /;

/**
 * What is left of TensorFlow's log when its notices are dropped: the lines marked I, the banner of its log library,
 * and errors about a doubly registered factory, which its CUDA build always prints. Real errors stay.
 */
export function errorsOf(log: string): string {
  return log
    .split('\n')
    .filter((line) => line !== '' && !NOTICE.test(line))
    .map((line) => `${line}\n`)
    .join('');
}
