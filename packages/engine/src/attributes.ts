/** Element types that the addon can hand to JavaScript. */
export type KernelType =
  'float32' | 'int32' | 'int64' | 'uint8' | 'bool' | 'string' | 'complex64' | 'uint64' | 'bfloat16';

/** An attribute of a TensorFlow op, made by `int`, `float`, `type` or `shape`; text and booleans stand for themselves. */
export type KernelAttribute =
  | string
  | boolean
  | { readonly kind: 'int' | 'float'; readonly value: number | readonly number[] }
  | { readonly kind: 'type'; readonly value: KernelType }
  | { readonly kind: 'shape'; readonly value: readonly number[] };

export type KernelAttributes = Readonly<Record<string, KernelAttribute>>;

/** An integer attribute, or a list of them. */
export function int(value: number | readonly number[]): KernelAttribute {
  return { kind: 'int', value };
}

/** A floating-point attribute, or a list of them. */
export function float(value: number | readonly number[]): KernelAttribute {
  return { kind: 'float', value };
}

/** A type attribute, such as `T` of most ops. */
export function type(value: KernelType): KernelAttribute {
  return { kind: 'type', value };
}

/** A shape attribute. */
export function shape(value: readonly number[]): KernelAttribute {
  return { kind: 'shape', value };
}
