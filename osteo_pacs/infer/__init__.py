"""The model at work: a sealed bundle is loaded, and grey pictures become probabilities or stated refusals.

::

    model = load_bundle(folder, device="auto")  # in osteo_pacs.infer.bundle, which imports torch
    for outcome in model.predict(images):  # Prediction | RefusedImage, in the images' order
        ...
"""
