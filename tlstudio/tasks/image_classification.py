"""Image classification: each image belongs to exactly one of two or more classes."""

from __future__ import annotations

from tlstudio.tasks.image_classes import ImageClasses, ImageClassOptions


class ImageClassification(ImageClasses):
    """One class an image; vision transformers and convolutional networks alike."""

    NAME = "image-classification"
    TITLE = "Image classification"
    SUMMARY = "Each image belongs to one class: kinds of things, defects, scenes, plants."
    ROLES = ("image", "label")
    Config = ImageClassOptions


PLUGIN = ImageClassification()
