# faults.sh: what docket check says of forms, for tests to compare.
# shellcheck shell=sh disable=SC2034

# A build with a sanitizer says so, and has no bounds on memory.
sanitized=
echo '<form/>' >"$T/sanitized.xml"
"$DOCKET" check "$T/sanitized.xml" 2>&1 | grep -q 'NOT SANDBOXED' &&
	sanitized=yes

# told FILE ...: a line for each form and for each fault,
#
#	= FILE
#	2002 line 7 field Quota
#
# with line 0 and field - where there is none; what docket check exits with
# is in $STATUS, what goes to standard error in $T/stderr. A form that cannot
# be checked is told as "trouble"; the others are then checked one by one.
told() {
	"$DOCKET" check --format json "$@" >"$T/json" 2>"$T/stderr"
	STATUS=$?
	sed -i '/NOT SANDBOXED$/d; /is no desk: the schemas that come/d' \
	    "$T/stderr"
	if [ $STATUS -gt 1 ]; then
		: >"$T/json"
		for _form; do
			"$DOCKET" check --format json "$_form" \
			    >>"$T/json" 2>/dev/null
			[ $? -le 1 ] || echo "{\"file\":\"$_form\" trouble" \
			    >>"$T/json"
		done
	fi
	sed 's/{"file":/\n&/g; s/{"code":/\n&/g' "$T/json" | sed -nE \
	    -e 's/^\{"file":"([^"]*)" trouble/= \1\ntrouble/p' \
	    -e 's/^\{"file":"([^"]*)",.*/= \1/p' \
	    -e 's/^(\{"code":[0-9]+,"line":[0-9]+,"field":)null/\1"-"/' \
	    -e 's/^\{"code":([0-9]+),"line":([0-9]+),"field":"(([^"\\]|\\.)*)".*/\1 line \2 field \3/p'
}

# name_of FILE: the name that was read in it, by the last told
name_of() {
	sed 's/{"file":/\n&/g' "$T/json" | awk -v file="/$1\",\"good\":" '
	    index($0, file) { sub(/.*"name":"/, ""); sub(/","faults":.*/, "")
		print }'
}
