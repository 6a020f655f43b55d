"""Install torch's CPU build, refusing to drag CUDA onto a machine without a GPU.

torch is needed once, by `mailroom models prepare`; the service never imports it. On Linux x86-64
the public index serves a CUDA build of several GB under the same version, so the plan is looked at
before anything large is fetched.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

TORCH = "torch==2.13.0"
CUDA_PARTS = ("nvidia-", "cuda-", "triton")
ADVICE = """\
The package index offers only a CUDA build of {torch}, which is several GB, and this machine has no
NVIDIA GPU. Name the index of PyTorch's CPU wheels (see "Get started" on pytorch.org: pip, CPU):

    make install TORCH_INDEX=<that address>

or, if you do want the CUDA build:  make install ALLOW_CUDA=1
"""


def main() -> int:
    """Install torch unless it is here or would come with CUDA; return an exit code."""
    if _installed():
        return 0
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    index = os.environ.get("TORCH_INDEX", "")
    source = ["--index-url", index] if index else []
    if not (_has_gpu() or os.environ.get("ALLOW_CUDA")) and _drags_cuda(pip, source):
        print(ADVICE.format(torch=TORCH), file=sys.stderr)
        return 1
    # Its dependencies come from the lock file.
    command = [*pip, "install", "--quiet", "--no-deps", *source, TORCH]
    return subprocess.run(command, check=False).returncode


def _installed() -> bool:
    probe = [
        sys.executable,
        "-c",
        "import torch, sys; sys.exit(not torch.__version__.startswith('2.13.0'))",
    ]
    return subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode == 0


def _has_gpu() -> bool:
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None


def _drags_cuda(pip: list[str], source: list[str]) -> bool:
    plan = [*pip, "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    done = subprocess.run([*plan, *source, TORCH], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return False
    names = [item["metadata"]["name"].lower() for item in json.loads(done.stdout)["install"]]
    return any(name.startswith(CUDA_PARTS) for name in names)


if __name__ == "__main__":
    sys.exit(main())
