#!/bin/sh
# Forms made to harm. Each is answered with the code that its name begins
# with, within a second of processor time, and the good form that is checked
# after it is good still.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"

GOOD=$FORMS/good/smallest.xml
made=$T/made
mkdir "$made"

# many TEXT N: N times
many() {
	awk -v text="$1" -v n="$2" 'BEGIN { while (n-- > 0) printf "%s", text }'
}
# count FORMAT N: N times, with a number in it
count() {
	awk -v fmt="$1" -v n="$2" \
	    'BEGIN { for (i = 100000; n-- > 0; i++) printf fmt, i }'
}
# make NAME: standard input as a form of that name
make() {
	cat >"$made/$1.xml"
}
start_tag='<application xmlns="urn:docket:api-key:1">'
head_of='<client>a</client><name>n</name><effective>2099-01-01</effective>
<expiry>2099-12-31</expiry><quota>1</quota><description>d</description>'
root() {
	printf '%s' "$start_tag"
	"$@"
	printf '</application>'
}
# a good form with something in it
good_with() {
	printf '%s%s' "$start_tag" "$head_of"
	"$@"
	printf '<apis><api>a</api></apis></application>'
}

# tags and attributes
{
	printf '<application'
	many ' a=""' 200000
	printf '/>'
} | make 2014-attributes-200000
{
	printf '<application'
	many ' a' 400000
	printf '/>'
} | make 2001-attributes-without-values
every_tag() {
	_attributes=$(count ' a%d=""' 255)
	many "<a$_attributes/>" 350
}
root every_tag | make 1290-attributes-in-every-tag
scope() {
	awk 'BEGIN {
		for (depth = 0; depth < 60; depth++) {
			printf "<a"
			for (i = 0; i < 150; i++)
				printf " xmlns:p%dx%d=\"u\"", depth, i
			printf ">"
		}
		for (i = 0; i < 70000; i++)
			printf "<p0x0:b/>"
		while (depth-- > 0)
			printf "</a>"
	}'
}
root scope | make 2014-namespaces-in-scope
root count '<a xmlns="u%d"/>' 50000 | make 1290-namespaces-50000
root count '<n%d/>' 100000 | make 1290-names-100000
root many '<a/>' 260000 | make 1290-elements-260000
root many '<client/>' 100000 | make 2002-fields-100000
root count "<a xmlns:x='http://www.w3.org/2001/XMLSchema-instance'
x:type='q:%d'/>" 12000 | make 1290-types-12000
root count "<a xmlns:x='http://www.w3.org/2001/XMLSchema-instance'
x:schemaLocation='u%d v'/>" 11000 | make 1290-schema-locations-11000
many '<a>' 200000 | make 2005-depth-200000
many '<a' 400000 | make 2001-tags-never-closed
{
	printf '<'
	many a 1000000
	printf '/>'
} | make 2001-name-of-a-megabyte
{
	printf '<application'
	many ' ' 900000
	good_with true | sed 's/<application//'
} | make good-start-tag-of-a-megabyte
{
	good_with true | sed '$s/>$//'
	many ' ' 900000
	printf '>'
} | make good-end-tag-of-a-megabyte
printf '%s</application>' "$start_tag" | make 2002-nothing-in-it
many '<' 1000000 | make 2001-brackets
many '<!' 500000 | make 2001-bangs
many '<?' 500000 | make 2001-questions
{
	printf '%s' "$start_tag"
	many '&' 250000
} | make 2001-ampersands
root many '>' 250000 | make 2002-closing-brackets
{
	printf '<application a='
	many '"' 200001
	printf '>'
} | make 2001-quotes

# comments, instructions, sections, values
good_with many '<!---->' 100000 | make good-comments-100000
good_with many '<?a?>' 150000 | make good-instructions-150000
comment() {
	printf '<!--'
	many x 1000000
	printf -- '-->'
}
good_with comment | make good-comment-of-a-megabyte
root many '<![CDATA[]]>' 80000 | make 2002-sections-80000
{
	printf '%s' "$start_tag"
	many '<![CDATA[' 100000
} | make 2015-section-never-closed
{
	printf '<application a="'
	many a 1000000
} | make 2015-value-never-closed
client() {
	printf '<client>'
	"$@"
	printf '</client>'
}
# Each piece makes the value longer: a sanitizer copies it each time.
share=1
[ -z "$sanitized" ] || share=5
root client many 'x<!---->' $((100000 / share)) | make 2002-value-in-pieces
root client many 'x<![CDATA[y]]>' $((70000 / share)) |
	make 2002-value-in-sections
root client many '&#38;' $((50000 / share)) | make 2002-references
root client many a 262000 | make 2002-value-of-262000-bytes
root many ' ' 262145 | make 2015-blanks

# lines
good_with many '\n' 200000 | make good-lines-200000
good_with many '\r' 200000 | make good-lines-200000-cr-only
good_with many '\r\n' 100000 | make good-lines-100000-crlf

# the schema's own work
apis() {
	printf '%s%s<apis>' "$start_tag" "$head_of"
	"$@"
	printf '</apis></application>'
}
apis count '<api>%d</api>' 60000 | make good-apis-60000
apis many '<api>a</api>' 80000 | make 2002-apis-80000-all-the-same
apis many '<api>!</api>' 80000 | make 2002-apis-80000-all-wrong

# gzip
pack() {
	gzip -c >"$made/$1.xml.gz"
}
many ' ' 33554432 | pack 2004-gzip-of-32-mebibytes
{
	cat "$GOOD"
	many ' ' 1000000
} | pack 2019-gzip-of-blanks
gzip -c "$GOOD" | pack 2001-gzip-in-gzip
printf '' | gzip -c >"$T/empty.gz"
while [ "$(wc -c <"$T/empty.gz")" -lt 500000 ]; do
	cat "$T/empty.gz" "$T/empty.gz" >"$T/more.gz"
	mv "$T/more.gz" "$T/empty.gz"
done
mv "$T/empty.gz" "$made/2022-gzip-of-32768-empty-members.xml.gz"
printf '\037\213\010\000' >"$made/2018-gzip-header.xml.gz"
printf '\037\213\010\377\0\0\0\0\0\377' >"$made/2018-gzip-flags.xml.gz"
printf '\037\213\011\000\0\0\0\0\0\003' >"$made/2018-gzip-method.xml.gz"
{
	gzip -c "$GOOD"
	printf '\0'
} >"$made/2018-gzip-and-a-nul.xml.gz"

# All of them, each before the good form.
make_desk
bounds() {
	[ -n "$sanitized" ] || conf '[check]' "	cpu = $1" "	memory = $2"
}
bounds 1s 128m
set --
for f in "$FORMS"/hostile/*.xml "$made"/*.xml "$made"/*.gz; do
	set -- "$@" "$f" "$GOOD"
done
told "$@" >"$T/told"
is "$STATUS" 1 "docket check says no by its exit"
is "$(cat "$T/stderr")" "" "no worker died, nothing else is said"

# NAME CODES, and what became of the good form behind it
awk -v good="$GOOD" '
    function flush() {
	if (file == good)
		print name, list ? list : "good", codes ? codes : "good"
	else {
		name = file
		sub(".*/", "", name)
		list = codes
	}
    }
    /^= / { if (file) flush(); file = $2; codes = ""; split("", seen); next }
    !seen[$1]++ { codes = codes (codes ? "," : "") $1 }
    END { flush() }' "$T/told" >"$T/summary"
is "$(wc -l <"$T/summary")" "$(($# / 2))" "every form has its answer"
while read -r name codes after; do
	is "$codes" "${name%%-*}" "$name"
	[ "$after" = good ] || is "$after" good "the form after $name"
done <"$T/summary"
is "$(awk '$3 != "good"' "$T/summary")" "" "the good form was good each time"

# What is said of them is fit to be shown: nothing but plain text in it.
control=$(printf '[\001-\037\177]|\302[\200-\237]')
hiding=$(printf '\342\200[\213-\217\250-\256]|\357\273\277')
is "$(LC_ALL=C grep -Ec "$control|$hiding" "$T/json")" 0 \
    "no character that controls, hides or reorders is passed on"
is "$(name_of good-right-to-left-override.xml)" "Acme mo bile app" \
    "a blank stands in its place"
"$DOCKET" check "$FORMS"/hostile/*-zero-width-* "$FORMS"/hostile/good-* \
    "$FORMS"/hostile/2002-braces* >"$T/text" 2>&1
is "$(LC_ALL=C grep -Ec "$control|$hiding" "$T/text")" 0 \
    "nor on a terminal"
file_like "$T/text" '"{a:b}{c}" is not' "a value is told as it stands there"

# A good form, cut at each byte. Only without its last line end is it good.
cut=$T/cut
mkdir "$cut"
# cut_up FILE SUFFIX: FILE's first 0, 1, 2 … bytes
cut_up() {
	rm -f "$cut"/*
	_size=$(wc -c <"$1")
	_i=0
	while [ "$_i" -lt "$_size" ]; do
		head -c "$_i" "$1" >"$cut/$(printf %04d "$_i")$2"
		_i=$((_i + 1))
	done
	told "$cut"/* >"$T/told"
	awk '/^= / { if (code) print code; code = "good"; next } { code = $1 }
	    END { print code }' "$T/told" | sort | uniq -c |
	    awk '{ printf "%s%s: %d", sep, $2, $1; sep = ", " }'
}
sed 's/Acme/Acmé/' "$FORMS/good/stamped.xml" >"$T/whole.xml"
size=$(wc -c <"$T/whole.xml")
is "$(cut_up "$T/whole.xml" .xml)" \
    "2001: $((size - 2)), 2022: 1, good: 1" \
    "cut at each of $size bytes it is not well-formed" ||
    diag "$(awk '/^=/ { f = $2 } !/^= |^2001/ { print f, $0 }' "$T/told")"
is "$(tail -1 "$T/told")" "= $cut/$(printf %04d $((size - 1))).xml" \
    "it is good without its last line end"
is "$(cat "$T/stderr")" "" "and no worker died of it"
gzip -nc "$GOOD" >"$T/whole.gz"
size=$(wc -c <"$T/whole.gz")
is "$(cut_up "$T/whole.gz" .gz)" "2001: 1, 2018: $((size - 2)), 2022: 1" \
    "compressed, cut at each of $size bytes, it is damaged"

# What costs too much by itself is the form's fault, not the desk's.
cat >schemas/slow.xsd <<'EOF2'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:d="urn:docket:schema:1" xmlns:s="urn:example:slow"
    targetNamespace="urn:example:slow" elementFormDefault="qualified">
  <xs:annotation><xs:appinfo>
    <d:form element="s:list" prefix="SL"/>
    <d:form element="s:words" prefix="SW"/>
    <d:form element="s:copies" prefix="SC"/>
    <d:rule element="s:list" test="not(s:n[. = preceding-sibling::s:n])">Each
      but once.</d:rule>
    <d:rule element="s:copies" test="string-length(concat(
	., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., .,
	., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., .,
	., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., .,
	., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., .,
	., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., ., .)) &gt; 0">So long.</d:rule>
  </xs:appinfo></xs:annotation>
  <xs:element name="list"><xs:complexType><xs:sequence>
    <xs:element name="n" type="xs:int" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="copies"><xs:complexType><xs:sequence>
    <xs:element name="c" type="xs:string" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="words"><xs:complexType><xs:sequence>
    <xs:element name="w" maxOccurs="unbounded"><xs:simpleType>
      <xs:restriction base="xs:string">
        <xs:pattern value="(x+x+)+y"/>
      </xs:restriction>
    </xs:simpleType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
EOF2
lists() {
	printf '<list xmlns="urn:example:slow">'
	count '<n>%d</n>' "$1"
	printf '</list>'
}
words() {
	printf '<words xmlns="urn:example:slow">'
	many "<w>$1</w>" "$2"
	printf '</words>'
}
# costly NAME: it is too costly, and between good ones nothing else is
costly() {
	if [ -n "$sanitized" ]; then
		skip "$1: no bounds in this build"
		return
	fi
	told "$T/quick.xml" "$T/$1.xml" "$T/quick.xml" >"$T/told"
	is "$(cat "$T/told")" "= $T/quick.xml
= $T/$1.xml
2020 line 0 field -
= $T/quick.xml" "$1" || diag "$(cat "$T/stderr")"
	is "$(cat "$T/stderr")" "" "$1: nothing else is said"
}
lists 100 >"$T/quick.xml"
lists 12000 >"$T/2020-rule-of-too-many-steps.xml"
costly 2020-rule-of-too-many-steps
words xxxxxxxxxxxxxxxx 30000 >"$T/2020-pattern.xml"
costly 2020-pattern
bounds 10s 64m
{
	printf '<copies xmlns="urn:example:slow">'
	many "<c>$(many x 1000)</c>" 1000
	printf '</copies>'
} >"$T/2020-rule-of-too-many-copies.xml"
costly 2020-rule-of-too-many-copies

done_testing
