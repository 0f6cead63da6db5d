/** The twenty classes of PASCAL VOC 2007 to 2012, in the official order, which is that of the alphabet. */
export const vocClasses: readonly string[] = [
  ...['aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow'],
  ...['diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor'],
];
