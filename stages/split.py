"""Divide the strips of the training pages into training and validation by position on the page."""

from handwriting import files, params, strips


def main():
    settings = params.load()
    height = settings.preprocess.strip_height
    share, position = settings.split.validation_share, settings.split.validation_position
    table = files.read_csv("data/strips/strips.csv")
    table = table[table.part == "train"]
    gap = strips.resampling_gap(settings.preprocess.scale)
    division, notes = strips.divide(table, height, share, position, gap)
    out = table[["filename", "label", "top"]].assign(bottom=table.top + height, division=division)
    files.save_csv("data/split.csv", out.rename_axis("strip").reset_index())
    print("\n".join(notes + [f"{count} strips: {name}" for name, count in division.value_counts().items()]))


if __name__ == "__main__":
    with files.errors_for_people():
        main()
