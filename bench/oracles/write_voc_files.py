"""Writes the small MATLAB files that the tests of PASCAL VOC read, to packages/data/src/testing; needs scipy.

boxes.fixture.mat has the form of R-CNN's selective_search_data/voc_2007_test.mat: a row of cells with the boxes of each
image (rows of top, left, bottom, right, counted from 1), and a column of cells with their names. sbd.fixture.mat has that
of a file of the Berkeley boundaries (SBD), dataset/cls/2008_000002.mat: here 2 rows of 3 pixels.
"""
import pathlib

import numpy as np
import scipy.io
import scipy.sparse

boxes = np.empty((1, 2), dtype=object)
boxes[0, 0] = np.array([[10, 1, 30, 40], [2, 5, 2, 5]], dtype=np.float64)
boxes[0, 1] = np.array([[1, 3, 375, 500]], dtype=np.uint16)
images = np.empty((2, 1), dtype=object)
images[:, 0] = ["000004", "001551"]
here = pathlib.Path(__file__).resolve().parents[2] / "packages/data/src/testing"
scipy.io.savemat(here / "boxes.fixture.mat", {"boxes": boxes, "images": images}, do_compression=True)

boundaries = np.empty((20, 1), dtype=object)
for label in range(20):
    edge = np.zeros((2, 3), dtype=bool)
    edge[1, 1] = label == 14
    boundaries[label, 0] = scipy.sparse.csc_matrix(edge)
segmentation = np.array([[0, 15, 15], [0, 0, 2]], dtype=np.uint8)
present = np.array([[2.0], [15.0]])
truth = {"Boundaries": boundaries, "Segmentation": segmentation, "CategoriesPresent": present}
scipy.io.savemat(here / "sbd.fixture.mat", {"GTcls": truth}, do_compression=True)
