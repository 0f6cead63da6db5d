// Imported for its effect: puts TensorFlow's own gradient ops in the place of tfjs's compositions.
import './activations.ts';
import './max-pool.ts';
