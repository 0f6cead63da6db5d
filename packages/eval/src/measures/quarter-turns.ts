/**
 * A picture `[height, width, channels]` turned by `turns` · 90° counter-clockwise, without interpolation: 90° is a
 * transpose, then a flip up-down. Height and width change places at odd numbers of turns.
 */
export function quarterTurns<Values extends Uint8Array | Float32Array>(
  picture: Values,
  [height, width, channels]: readonly [number, number, number],
  turns: number,
): Values {
  const quarters = ((turns % 4) + 4) % 4;
  const turned = picture.slice() as Values;
  const outWidth = quarters % 2 === 0 ? width : height;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [toY, toX] = [
        [y, x],
        [width - 1 - x, y],
        [height - 1 - y, width - 1 - x],
        [x, height - 1 - y],
      ][quarters] as [number, number];
      for (let c = 0; c < channels; c++)
        turned[(toY * outWidth + toX) * channels + c] = picture[(y * width + x) * channels + c] as number;
    }
  return turned;
}
