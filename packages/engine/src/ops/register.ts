// Imported for its effect: puts TensorFlow's own ops, of gradients above all, in the place of tfjs's.
import './activations.ts';
import './doubling.ts';
import './gather.ts';
import './kernel-calls.ts';
import './max-pool-gradient.ts';
import './methods.ts';
import './model-calls.ts';
import './reductions.ts';
import './reshape.ts';
import './scopes.ts';
import './softmax.ts';
import './transposed-convolution.ts';
