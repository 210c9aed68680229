"""How fast the workbench trains, watched and unwatched, in TensorFlow Playground's own cases."""
