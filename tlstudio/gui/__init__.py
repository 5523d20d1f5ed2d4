"""The window. Qt lives here and nowhere else; torch never does."""

from tlstudio.gui.immortal import keep_constants

keep_constants()  # before the first call into Qt
