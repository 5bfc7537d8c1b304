# mounts.sh: for tests of file systems of their own, in place of lib.sh.  The
# desk is on what is mounted at $M, in mounts that go when the test does.
#
#	leave	unmounts it
# shellcheck shell=sh disable=SC2034
if [ "$(id -u)" = 0 ] && [ -z "${OWN_MOUNTS:-}" ]; then
	OWN_MOUNTS=yes exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root, to mount file systems"

M=$T/mnt
DESK=$M/desk
mkdir "$M"

# A worker may still be ending on it.
leave() {
	cd "$T" || exit 1
	for _try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q " $M " /proc/mounts || return 0
		umount "$M" 2>/dev/null || sleep 0.2
	done
}
trap 'stop; leave; cleanup' EXIT
