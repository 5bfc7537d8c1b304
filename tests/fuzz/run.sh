#!/bin/sh
# Fuzzes the parsers of foreign bytes: run.sh SECONDS [TARGET ...]
#
# Each target gets so many seconds of processor time.
#
# Builds with clang and its sanitizers into build/fuzz. What a target learns
# is kept in build/fuzz/corpus; what it fails on in build/fuzz/crash, whose
# files, made small, belong into tests/fuzz/corpus. Exits 1 if one fails.
set -u

cd "$(dirname "$0")/../.." || exit 1
out=build/fuzz
seconds=${1:?usage: run.sh SECONDS [TARGET ...]}
shift
if [ $# = 0 ]; then
	for file in tests/fuzz/*_fuzz.c; do
		set -- "$@" "$(basename "$file" _fuzz.c)"
	done
fi

flags='-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all'
flags="$flags -fsanitize=fuzzer-no-link,address,undefined"
# an empty list is NULL, and ends at NULL + 0
flags="$flags -fno-sanitize=pointer-overflow"
mkdir -p $out
# shellcheck disable=SC2046 # a list of targets
make --no-print-directory -j"$(nproc)" BUILD=$out CC=clang HARDEN= \
    CFLAGS="$flags" FUZZER=-fsanitize=fuzzer \
    $(printf " $out/test/fuzz/%s" "$@") >$out/build.log 2>&1 || {
	tail -n 20 $out/build.log
	exit 1
}

# the files that a target begins with, besides its own corpus
seeds() {
	case $1 in
	xml | xmlscan | stamp | split) echo tests/form/good tests/form/bad \
	    tests/form/hostile schemas/examples ;;
	schema) echo schemas ;;
	esac
}

dict() {
	case $1 in
	xml | xmlscan | stamp | split | schema) echo -dict=tests/fuzz/xml.dict ;;
	ruling) echo -dict=tests/fuzz/ruling.dict ;;
	conf) echo -dict=tests/fuzz/conf.dict ;;
	esac
}

# What a line of final statistics, or of a log, adds up to.
total() {
	sed -n "s/^$1: *//p" | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# The processor time of what this shell has waited for, in seconds: in $used
measure() {
	times >"$log.times"
	used=$(awk 'NR == 2 { gsub(/[ms]/, " ")
		print int($1 * 60 + $2 + $3 * 60 + $4) }' "$log.times")
}

# fuzz TARGET: until it has used so much processor time, a minute at a time
fuzz() {
	kept=$out/corpus/$1
	log=$out/$1.log
	verdict=ok
	mkdir -p "$kept" $out/crash
	: >"$log"
	while measure && [ "$used" -lt "$seconds" ]; do
		left=$((seconds - used))
		# shellcheck disable=SC2046 # lists of words
		$out/test/fuzz/"$1" -timeout=10 -rss_limit_mb=2048 \
		    -max_total_time=$((left < 60 ? left : 60)) \
		    -print_final_stats=1 -verbosity=1 \
		    -artifact_prefix="$out/crash/$1-" $(dict "$1") "$kept" \
		    "tests/fuzz/corpus/$1" $(seeds "$1") >>"$log" 2>&1 ||
			break
	done
	measure
	[ "$used" -ge "$seconds" ] ||
		verdict="FAILED: $(sed -n 's/.*Test unit written to //p' \
		    "$log"), see $log"
	printf '%-9s %10s executions in %4s s, corpus of %5s files, %s\n' \
	    "$1" "$(total stat::number_of_executed_units <"$log")" "$used" \
	    "$(find "$kept" "tests/fuzz/corpus/$1" -type f | wc -l)" "$verdict"
}

# as many at a time as there are processors
jobs=$(nproc)
lane=0
while [ $lane -lt "$jobs" ]; do
	(
		n=0
		for target; do
			n=$((n + 1))
			[ $((n % jobs)) != $lane ] || (fuzz "$target")
		done
	) &
	lane=$((lane + 1))
done | tee $out/told
! grep -q FAILED $out/told || exit 1
awk '{ n += $2; s += $5 } END { printf "%d targets, %.1f million executions in %d minutes of processor time: nothing found\n", NR, n / 1e6, s / 60 }' $out/told
