#!/bin/sh
# Forms that are good, and forms with each fault that a form can have: code,
# line and field are as NAME.faults beside NAME.xml has them.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"

# what is too large to be kept: expect NAME FAULT writes NAME.faults
bad=$T/bad
mkdir "$bad" "$T/told"
expect() {
	echo "$2" >"$bad/$1.faults"
}
# many TEXT N: N bytes or more of it
many() {
	awk -v text="$1" -v n="$2" \
	    'BEGIN { for (; n > 0; n -= length(text)) printf "%s", text }'
}
noise() {
	awk -v n="$1" 'BEGIN { srand(1); while (n-- > 0)
	    printf "%c", 65 + int(rand() * 58) }'
}
expect 2004-too-large "2004 line 0 field -"
{
	key_form acme
	many ' ' 1048576
} >"$bad/2004-too-large.xml"
expect 2004-too-large-unpacked "2004 line 0 field -"
{
	key_form acme
	noise 60000
	many ' ' 1048576
} | gzip >"$bad/2004-too-large-unpacked.xml.gz"
expect 2015-text-too-long "2015 line 8 field -"
{
	key_form acme | sed -n '1,/<description>/p'
	many word 262145
	key_form acme | sed -n '/<apis>/,$p'
} >"$bad/2015-text-too-long.xml"
expect 2015-attribute-too-long "2015 line 3 field -"
{
	key_form acme | sed '/<client>/,$d'
	printf '<client a="'
	many word 262145
	echo '">acme</client>'
	key_form acme | sed '1,/<client>/d'
} >"$bad/2015-attribute-too-long.xml"
expect 2015-cdata-too-long "2015 line 4 field -"
{
	key_form acme | sed '/<name>/,$d'
	printf '<name><![CDATA['
	many word 262145
	echo ']]></name>'
	key_form acme | sed '1,/<name>/d'
} >"$bad/2015-cdata-too-long.xml"

# good ones
told "$FORMS"/good/* >"$T/good"
is "$STATUS" 0 "good forms: docket check says so by its exit"
for f in "$FORMS"/good/*; do
	is "$(awk -v f="= $f" '/^= / { on = $0 == f } on' "$T/good")" \
	    "= $f" "good: ${f##*/}"
done
is "$(cat "$T/stderr")" "" "and nothing else is said"

# what is read is what was written, in whatever encoding
for pair in \
    'bom.xml=Schlüssel' \
    'cdata.xml=Smith & Sons <limited>' \
    "character-references.xml=Smith & Sons <x> \\\"y\\\" 'z' €🔑" \
    'iso-8859-1.xml=Schlüssel für Århus' \
    'iso-8859-2.xml=Klucz Łódź' \
    'iso-8859-5.xml=Ключ' \
    'iso-8859-7.xml=Κλειδί' \
    'iso-8859-9.xml=Anahtar ığş' \
    'iso-8859-15.xml=Preis in €, Œuvre' \
    'windows-1250.xml=Klíč „Škoda“' \
    'windows-1251.xml=Ключ № 7' \
    'windows-1252.xml=“Acme” – 5 €' \
    'comments-and-instructions.xml=Acme mobile app' \
    'blanks-around-values.xml=Acme mobile app' \
    'cr-only.xml=Acme mobile app' \
    'gzip.xml.gz=n'; do
	f=${pair%%=*}
	is "$(name_of "$f")" "${pair#*=}" "read right: $f"
done
is "$(name_of name-255-characters.xml)" \
    "$(sed -n 's,.*<name>\(.*\)</name>,\1,p' \
    "$FORMS/good/name-255-characters.xml")" \
    "a name of 255 characters is not cut"

# bad ones
told "$FORMS"/bad/*.xml "$FORMS"/bad/*.gz "$bad"/*.xml "$bad"/*.gz >"$T/bad.all"
is "$STATUS" 1 "bad forms: docket check says no by its exit"
is "$(cat "$T/stderr")" "" "and nothing else is said"
awk -v dir="$T/told" '
    /^= / { close(file); file = $2; sub(".*/", "", file)
	sub(/\.xml(\.gz)?$/, "", file); file = dir "/" file
	printf "" >file; next }
    { print >file }' "$T/bad.all"
for f in "$FORMS"/bad/*.faults "$bad"/*.faults; do
	name=${f##*/}
	name=${name%.faults}
	is "$(cat "$T/told/$name" 2>&1)" "$(cat "$f")" "bad: $name"
done
is "$(find "$T/told" -type f | wc -l)" \
    "$(find "$FORMS/bad" "$bad" -name '*.faults' | wc -l)" \
    "none is left over"

# every code that a form alone can raise has a form named after it
codes() {
	sed -n 's/.*FAULT_[A-Z_]*[[:blank:]]*= \([0-9][0-9]*\),.*/\1/p' \
	    "$SRC/include/fault.h"
}
has_form() {
	for _form in "$FORMS/bad/$1"-*.xml* "$bad/$1"-*.xml*; do
		[ -e "$_form" ] && return 0
	done
	return 1
}
like "$(codes | wc -l)" '^ *[23][0-9]$' "the codes of faults are known"
for code in $(codes); do
	case $code in
	0 | 1298) ;;			# nothing wrong; a look-up
	1191 | 1218 | 1219) ;;		# of decisions and drop boxes
	2008 | 2011 | 2013) ;;		# of cases
	2012 | 2023 | 2024) ;;			# of decisions
	2009 | 2016 | 2017 | 2025) ;;	# of files
	1122 | 1127) ok "$code has a form, in a desk of its own" grep -q \
		"^unlisted $code-" "$SRC/tests/t/2010-lists.t" ;;
	2020) ok "$code has a form, in a desk of its own" grep -q \
		"^costly $code-" "$SRC/tests/t/2002-hostile.t" ;;
	*) ok "$code has a form" has_form "$code" ;;
	esac
done

# what is no form at all
exits 1 "a file that is not there" "$DOCKET" check "$T/nothing.xml"
like "$OUT" "nothing.xml: No such file" "is named"
exits 1 "a folder" "$DOCKET" check "$T"
like "$OUT" "Is a directory" "is called one"
exits 2 "no file is usage" "$DOCKET" check
is "$(key_form acme | "$DOCKET" check -)" \
    "-: good: Application for an API key: Acme app" \
    "a form may come by standard input"
is "$(key_form acme | gzip | "$DOCKET" check -)" \
    "-: good: Application for an API key: Acme app" "packed as well"

done_testing
