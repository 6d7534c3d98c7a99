# To be sourced from the repository's root: what builds and runs containers, ENGINE=docker or buildah. Unless given, docker where its
# engine runs, else buildah, for which this also sets how it stores and runs them.
[ -n "${ENGINE:-}" ] || if docker version >/dev/null 2>&1; then ENGINE=docker; else ENGINE=buildah; fi
case "$ENGINE" in
docker) ;;
buildah)
    scripts/need-packages.sh buildah
    # Nothing to run containers with is needed, and no file system that the kernel may lack.
    export BUILDAH_ISOLATION=chroot
    buildah info >/dev/null 2>&1 || export STORAGE_DRIVER=vfs
    ;;
*)
    echo "ENGINE=$ENGINE: docker or buildah" >&2
    exit 2
    ;;
esac
