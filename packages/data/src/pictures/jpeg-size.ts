import { isJpeg, jpegHeader } from './native/pictures.ts';

/** The size of a JPEG, which knows it best; of other pictures, and damaged ones, it shows when they are decoded. */
export function jpegSize(encoded: Uint8Array): { readonly height: number; readonly width: number } | undefined {
  try {
    return isJpeg(encoded) ? jpegHeader(encoded) : undefined;
  } catch {
    return undefined;
  }
}
