import { z, type ZodType } from 'zod';

/** A list of at least one, none of them twice; `one` says in the refusal what is listed, such as `a layer`. */
export function distinct<Item extends ZodType>(item: Item, one: string): z.ZodArray<Item> {
  return z
    .array(item)
    .min(1)
    .refine((all) => new Set(all).size === all.length, `${one} is named twice`);
}
