/** Every format of a file from outside that is read, or of one that a user hands on. */
export const formats = [
  ...['jpeg', 'png', 'tiff', 'bmp', 'netpbm', 'webp', 'gif', 'avif'],
  ...['tar', 'tar.gz', 'tar.xz', 'zip'],
  ...['pickle', 'cifar-binary', 'idx', 'idx.gz', 'mat-mask', 'mat-devkit', 'mat-boxes', 'npy'],
  ...['safetensors', 'voc-xml', 'voc-list', 'png-mask', 'coco-json', 'places-list', 'dataset-json', 'experiment-json'],
] as const;
