"""From a folder of labelled faces to the model workers run: data set, models, training, scores, export."""
