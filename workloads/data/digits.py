"""1,797 real scans of handwritten digits that come with scikit-learn, scaled to 28x28."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet, Samples
from workloads.spec import Workload

SIDE, SCANNED_SIDE, SCANNED_MAXIMUM = 28, 8, 16
TEST_SHARE, SPLIT_SEED = 0.2, 0


def load(workload: Workload, source: Path | None) -> Samples:
    """The scans, split 80 to 20 by class; the split is the same for every seed of a run."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    scans = images.reshape(-1, SCANNED_SIDE, SCANNED_SIDE) * (255 / SCANNED_MAXIMUM)
    inputs = np.rint(enlarge(scans))[..., None].astype(np.uint8)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_SHARE, stratify=labels, random_state=SPLIT_SEED
    )
    labels = labels.astype(np.int64)
    return Samples(inputs[train], labels[train], inputs[test], labels[test])


def enlarge(images: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Bilinear scaling of (count, 8, 8) to (count, 28, 28), corner on corner."""
    positions = np.linspace(0, SCANNED_SIDE - 1, SIDE)
    pixels = np.arange(SCANNED_SIDE)
    blend = np.clip(1 - np.abs(positions[:, None] - pixels[None, :]), 0, None)
    enlarged: npt.NDArray[np.float64] = blend @ images @ blend.T
    return enlarged


DATASET = DataSet(
    name="digits",
    description="1,797 real scans of handwritten digits (scikit-learn), scaled to 28×28",
    version=1,
    shapes=((SIDE, SIDE, 1),),
    classes=10,
    load=load,
)
