// An archive needs one source of its own; its real objects come from the rooms.
