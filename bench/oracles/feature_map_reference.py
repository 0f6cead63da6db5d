"""scikit-learn's principal components and kept neighbours: the numbers stand in
packages/eval/src/evaluations/feature-map/feature-map.test.ts.

The features are the test features of packages/eval/src/evaluations/knn/knn.reference.json. Run from the root:
python bench/oracles/feature_map_reference.py
"""
import json
import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

with open('packages/eval/src/evaluations/knn/knn.reference.json', encoding='utf8') as file:
    reference = json.load(file)
features = np.array(reference['test']['features']).reshape(-1, reference['width'])
pca = PCA(2, svd_solver='full').fit(features)
places = pca.transform(features)
signs = np.sign(pca.components_[[0, 1], np.abs(pca.components_).argmax(1)])  # ours: the greatest weight is positive
places *= signs
extent = np.ptp(places, axis=0).max()
unit = (places - (places.max(0) + places.min(0)) / 2) / extent + 0.5
own = NearestNeighbors(n_neighbors=5, metric='cosine').fit(features).kneighbors(return_distance=False)
mapped = NearestNeighbors(n_neighbors=5).fit(places).kneighbors(return_distance=False)
kept = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(own, mapped)])
print(features.shape, 'shares', pca.explained_variance_ratio_.round(7), 'sum', pca.explained_variance_ratio_.sum().round(7))
print('kept', kept.round(7), 'places of images 0, 7', unit[[0, 7]].round(4).tolist())
