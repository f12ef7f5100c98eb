# Filled when the library installs: see docs/roadmap.md.
