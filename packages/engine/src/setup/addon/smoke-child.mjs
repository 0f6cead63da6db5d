// Loads an addon, multiplies two matrices with it and prints what it found as the last line. Run in a process of its
// own, because a library that does not fit the machine ends the process.
const binding = (() => {
  const holder = { exports: {} };
  process.dlopen(holder, process.argv[2]);
  return holder.exports;
})();
const tensor = (values) => binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array(values));
const transpose = (name) => ({ name, type: binding.TF_ATTR_BOOL, value: false });
const [product] = binding.executeOp(
  'MatMul',
  [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    transpose('transpose_a'),
    transpose('transpose_b'),
  ],
  [tensor([1, 2, 3, 4]), tensor([5, 6, 7, 8])],
  1,
);
const values = [...binding.tensorDataSync(product.id)];
const right = values.join() === '19,22,43,50';
console.log(JSON.stringify({ tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice(), right, values }));
