"""Tables of strips as training wants them: where their features lie, and their class."""


def join(split, index, array):
    """Join the split with the index of the features.

    Parameters
    ----------
    split : DataFrame
        ``strip``, ``label`` and ``division`` of the strips of the training pages.
    index : DataFrame
        Of the features stage: ``strip``, ``copy``, and where each one lies.
    array : {"activations", "features"}
        Which packed array ``first_column`` and ``columns`` shall refer to.

    Returns
    -------
    strips : DataFrame
        A row a strip and copy: ``strip``, ``copy``, ``label``, ``class_index``, ``division``,
        ``first_column`` and ``columns``.
    classes : list of str
        Class labels, ascending; ``class_index`` counts in it.
    """
    singular = array.removesuffix("s")
    strips = index.merge(split[["strip", "label", "division"]], on="strip")
    strips = strips.rename(columns={f"first_{singular}": "first_column", array: "columns"})
    classes = sorted(strips["label"].unique())
    strips["class_index"] = strips["label"].map({label: i for i, label in enumerate(classes)})
    keep = ["strip", "copy", "label", "class_index", "division", "first_column", "columns"]
    return strips[keep], classes


def training(strips):
    """The rows to train on while validation is held out, distorted copies included."""
    return strips[strips.division == "training"]


def validation(strips):
    """The rows to validate on: undistorted."""
    return strips[(strips.division == "validation") & (strips["copy"] == 0)]
