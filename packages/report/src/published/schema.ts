import { z } from 'zod';

/**
 * How a number is known: `source-document` (read in the document that this project follows), `repository` (read in the
 * released code or its README), `issue` (said in the repository's issues), `third-party` (notes and READMEs of others).
 */
const provenance = z.enum(['source-document', 'repository', 'issue', 'third-party']);

const name = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/);

export const publishedTableSchema = z
  .strictObject({
    title: z.string(),
    /** Where the whole table was read. */
    source: z.string(),
    provenance,
    /** What the numbers say: `error` falls as things get better. */
    measure: z.enum(['accuracy', 'error', 'average-precision', 'mean-iu']),
    unit: z.literal('%'),
    dataset: z.string(),
    protocol: z.strictObject({
      /** Whether one linear layer is trained on frozen features, or more than that. */
      kind: z.enum(['linear', 'non-linear', 'svm', 'nearest-neighbour', 'mixed']),
      /** The rest in words. */
      summary: z.string(),
    }),
    /** Names of the columns. */
    columns: z.array(name).min(1),
    rows: z
      .array(
        z.strictObject({
          id: name,
          /** As the table calls it. */
          method: z.string(),
          /** Images that it was pretrained on, where the table says. */
          images: z.int().min(0).optional(),
          /** One for each column; null where the table has none. */
          values: z.array(z.number().min(0).max(100).nullable()),
          note: z.string().optional(),
          /** Where this row was read, if not where the table was. */
          provenance: provenance.optional(),
          source: z.string().optional(),
        }),
      )
      .min(1),
  })
  .refine((table) => table.rows.every((row) => row.values.length === table.columns.length), 'a row of another length')
  .refine((table) => new Set(table.rows.map((row) => row.id)).size === table.rows.length, 'an id is there twice');

/** A table of published results: default export of `packages/report/src/published/tables/<table>.ts`. */
export type PublishedTable = z.infer<typeof publishedTableSchema>;
