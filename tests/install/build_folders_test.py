"""No preset builds where the build of another has a folder: its cmake_install.cmake would be overwritten, and `cmake --install` fail.

  build_folders_test.py REPOSITORY BUILD_FOLDER
"""
import json
import pathlib
import re
import sys


def main():
    repository, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    taken = {pathlib.Path(path).parent for path in re.findall(r'include\("(.*)"\)', (build / "cmake_install.cmake").read_text())}
    passed = failed = 0
    for preset in json.loads((repository / "CMakePresets.json").read_text())["configurePresets"]:
        if "binaryDir" not in preset:
            continue
        # Presets build below build/; in a build elsewhere the folders have the same names.
        folder = pathlib.Path(preset["binaryDir"].replace("${sourceDir}/build", str(build)))
        good = folder not in taken
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"FAILED: the preset {preset['name']} builds in {folder}, which is a part of the build in {build}")
    print(f"build folders: {passed} passed, {failed} failed")
    return 0 if passed and not failed and taken else 1


if __name__ == "__main__":
    sys.exit(main())
