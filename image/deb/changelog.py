"""Prints Debian's change log of a package: changelog.py PACKAGE VERSION. The full one is CHANGELOG.md."""

import email.utils
import os
import sys

package, version = sys.argv[1:3]
date = email.utils.formatdate(int(os.environ["SOURCE_DATE_EPOCH"]))
maintainer = "Acoustic Monitor Contributors <maintainers@acoustic-monitor.invalid>"
print(f"{package} ({version}) unstable; urgency=medium\n\n  * Version {version}.\n\n -- {maintainer}  {date}")
