/**
 * Assigns rows to folds as scikit-learn's StratifiedKFold without shuffling does for two classes: each fold gets its share
 * of both, rows of a class in their order. Gives the fold of each row, `[rows]`.
 */
export function stratifiedFolds(isPositive: ArrayLike<boolean>, folds: number): Uint8Array {
  const rows = isPositive.length;
  const first = isPositive[0]; // the class that appears first is dealt out first
  let ofFirst = 0;
  for (let i = 0; i < rows; i++) if (isPositive[i] === first) ofFirst++;
  // Rows sorted by class are dealt out in turn; that gives how many of each class a fold holds.
  const shares = [new Uint32Array(folds), new Uint32Array(folds)] as const;
  for (let i = 0; i < rows; i++) shares[i < ofFirst ? 0 : 1][i % folds]!++;
  const next = [0, 0];
  return Uint8Array.from({ length: rows }, (_, i) => {
    const which = isPositive[i] === first ? 0 : 1;
    const share = shares[which];
    while (share[next[which]!] === 0) next[which]!++;
    share[next[which]!]!--;
    return next[which]!;
  });
}
