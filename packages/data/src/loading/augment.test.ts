import { describe, expect, it } from 'vitest';
import { augmentSchema, measuringView, outputSize, viewsPerImage } from './augment.ts';

const raw = { encoding: 'raw', height: 32, width: 48, channels: 3 } as const;
const jpeg = { encoding: 'jpeg', channels: 3, shorterSide: 256, quality: 95 } as const;

describe('augmentSchema', () => {
  it.each([
    [{ randomResizedCrop: { size: 224 }, padCrop: 4 }, 'padCrop', /Only one of/],
    [{ centreCrop: 20, tenCrop: 20 }, 'tenCrop', /Only one of/],
    [{ resize: 256 }, 'resize', /beside it/],
    [{ resize: 200, centreCrop: 224 }, 'resize', /less than the crop/],
    [{ tenCrop: 224, flip: true }, 'flip', /by itself/],
    [{ within: 256 }, 'within', /randomCrop/],
    [{ resize: 256, randomCrop: 224, within: 200 }, 'within', /between/],
    [{ randomResizedCrop: { size: 8, area: [0.5, 0.1] } }, 'randomResizedCrop.area', /above/],
    [{ colourJitter: { hue: 0.6 } }, 'colourJitter.hue', /0.5/],
    [{ colorJitter: {} }, '', /colorJitter/],
  ])('refuses %j', (value, field, message) => {
    const { error } = augmentSchema.safeParse(value);
    expect(error?.issues[0]?.path.join('.')).toBe(field);
    expect(error?.issues[0]?.message).toMatch(message);
  });

  it('fills in the published ranges of a random-resized crop', () => {
    const parsed = augmentSchema.parse({ randomResizedCrop: { size: 224 } });
    expect(parsed.randomResizedCrop).toEqual({ size: 224, area: [0.08, 1], ratio: [3 / 4, 4 / 3] });
  });
});

describe('outputSize', () => {
  it('is that of the crop, else that of the stored images', () => {
    expect(outputSize(raw, { padCrop: 4 })).toEqual({ height: 32, width: 48, channels: 3 });
    expect(outputSize(raw, { centreCrop: 20 })).toEqual({ height: 20, width: 20, channels: 3 });
    expect(outputSize(jpeg, { resize: 256, tenCrop: 224 })).toEqual({ height: 224, width: 224, channels: 3 });
    expect(viewsPerImage({ tenCrop: 224 })).toBe(10);
    expect(viewsPerImage({ centreCrop: 224 })).toBe(1);
  });

  it('has no answer for images of varying size without a crop, nor for colours of grey ones', () => {
    expect(() => outputSize(jpeg, { flip: true })).toThrow(/vary in size/);
    expect(() => outputSize({ ...raw, channels: 1 }, { grey: 0.2 })).toThrow(/grey images/);
  });
});

describe('measuringView', () => {
  it('leaves images of the right size alone and takes 224 of 256 of others', () => {
    expect(measuringView(raw, raw)).toEqual({});
    expect(measuringView(jpeg, { height: 224, width: 224, channels: 3 })).toEqual({ resize: 256, centreCrop: 224 });
  });
});
