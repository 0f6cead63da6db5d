import { UserError } from '@selfsup/kit/errors';

/** Size of the images that a network takes. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Throws `UserError` that names the network unless an image's sides are at least `least` pixels; `remedy` says what else
 * to do than to take larger images.
 */
export function requireSides(network: string, { height, width }: ImageShape, least: number, remedy: string): void {
  if (height >= least && width >= least) return;
  throw new UserError(
    `The network '${network}' takes images of at least ${least} × ${least} pixels, not ${height} × ${width}`,
    { field: 'network.name', remedy },
  );
}
