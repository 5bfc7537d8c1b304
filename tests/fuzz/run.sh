#!/bin/sh
# Fuzzes the parsers of foreign bytes: run.sh SECONDS [TARGET ...]
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

failed=0
for target; do
	kept=$out/corpus/$target
	log=$out/$target.log
	mkdir -p "$kept" $out/crash
	# shellcheck disable=SC2046 # lists of words
	if $out/test/fuzz/"$target" -max_total_time="$seconds" -timeout=10 \
	    -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
	    -artifact_prefix="$out/crash/$target-" \
	    $(dict "$target") "$kept" \
	    "tests/fuzz/corpus/$target" $(seeds "$target") >"$log" 2>&1; then
		verdict=ok
	else
		verdict="FAILED: $(sed -n 's/.*Test unit written to //p' \
		    "$log"), see $log"
		failed=1
	fi
	printf '%-8s %9s executions, corpus of %s files, %s\n' "$target" \
	    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" |
	    tail -n 1)" \
	    "$(find "$kept" "tests/fuzz/corpus/$target" -type f | wc -l)" \
	    "$verdict"
done
exit $failed
