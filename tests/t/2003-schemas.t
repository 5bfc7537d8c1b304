#!/bin/sh
# Other people's schemas: how they are found, how they refer to one another,
# what is said when one is wrong.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"
make_desk
mkdir "$T/shipped"
cp schemas/*.xsd "$T/shipped"

# none: schemas/ as it is shipped, and nothing else
none() {
	rm -rf schemas
	mkdir schemas
	cp "$T/shipped"/*.xsd schemas
}
# schema PATH [ATTRIBUTE ...]: the content of an xs:schema from standard
# input; it begins on line 2
schema() {
	_path=$1
	shift
	case $_path in
	*/*) mkdir -p "schemas/${_path%/*}" ;;
	esac
	{
		echo '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"' \
		    'xmlns:d="urn:docket:schema:1"' "$@" \
		    'elementFormDefault="qualified">'
		cat
		echo '</xs:schema>'
	} >"schemas/$_path"
}
# says FORM: what is told of it, on one line: "good" or its faults
says() {
	printf '%s\n' "$1" >"$T/form.xml"
	_said=$(told "$T/form.xml" | sed 1d | tr '\n' ';')
	_said=${_said:-good}
	echo "${_said%;}"
}
# number ELEMENT NAMESPACE N
number() {
	says "<$1 xmlns=\"$2\">$3</$1>"
}
# refused PATTERN NAME: the schemas are; a line of what is said is like that;
# the exit is that of a desk in trouble, not of a form that is not good
refused() {
	echo '<form/>' >"$T/form.xml"
	OUT=$("$DOCKET" check "$T/form.xml" 2>&1)
	is "$?" 3 "$2"
	like "$OUT" "$1" "$2: what is said"
}
digit='<xs:simpleType name="digit"><xs:restriction base="xs:int">
<xs:maxInclusive value="9"/></xs:restriction></xs:simpleType>'

# found by target namespace, any number of them
none
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	echo '<xs:element name="n" type="xs:positiveInteger"/>' |
	    schema "s$i.xsd" "targetNamespace=\"urn:example:$i\""
done
echo '<xs:element name="n" type="xs:negativeInteger"/>' | schema none.xsd
is "$(number n urn:example:1 5)" good "a form of the first schema"
is "$(number n urn:example:20 5)" good "a form of the last"
is "$(number n urn:example:20 -5)" "2002 line 1 field n" "held to its schema"
is "$(says '<n>-5</n>')" good "a form without a namespace"
is "$(says '<n>5</n>')" "2002 line 1 field n" "held to its own"
is "$(number n urn:example:21 5)" "2006 line 1 field n" "a namespace of none"
mkdir -p schemas/a/b/c/d
mv schemas/s7.xsd schemas/a/b/c/d/
is "$(number n urn:example:7 5)" good "a schema in a folder in a folder"
cp schemas/s8.xsd schemas/s8.xsd~
cp schemas/s8.xsd schemas/.s8.xsd
echo hello >schemas/notes.txt
is "$(number n urn:example:8 5)" good "other files there are left alone"

# unedited: prefix FM, every global element a form
is "$("$DOCKET" check "$T/form.xml")" "$T/form.xml: good: n" \
    "a form is called as its element is"
echo '<xs:element name="n"><xs:annotation><xs:documentation>Number of
    days</xs:documentation></xs:annotation></xs:element>' |
    schema s8.xsd 'targetNamespace="urn:example:8"'
is "$("$DOCKET" check "$T/form.xml")" "$T/form.xml: good: Number of days" \
    "or as its documentation calls it"

# xs:include
none
echo "$digit" | schema parts/types.xsd \
    'targetNamespace="urn:a" xmlns="urn:a"'
main() {
	schema main.xsd 'targetNamespace="urn:a" xmlns="urn:a"'
}
main <<'XSD'
<xs:include schemaLocation="parts/types.xsd"/>
<xs:element name="n" type="digit"/>
XSD
is "$(number n urn:a 9)" good "a schema that includes another by its file"
is "$(number n urn:a 10)" "2002 line 1 field n" "is bound by it"
echo "$digit" | schema parts/types.xsd
is "$(number n urn:a 9)" good "one without a namespace takes the includer's"
is "$(number n urn:a 10)" "2002 line 1 field n" "and binds as well"
sed 's/urn:a/urn:b/g' schemas/main.xsd >schemas/second.xsd
is "$(number n urn:b 9) $(number n urn:b 10) $(number n urn:a 10)" \
    "good 2002 line 1 field n 2002 line 1 field n" "in two namespaces at once"
echo "$digit<xs:element name='part' type='digit'/>" | schema parts/types.xsd
is "$(says '<part>5</part>')" "2006 line 1 field part" \
    "what is only included defines no form"
main <<'XSD'
<xs:redefine schemaLocation="parts/types.xsd"><xs:simpleType name="digit">
<xs:restriction base="digit"><xs:maxInclusive value="4"/></xs:restriction>
</xs:simpleType></xs:redefine>
<xs:element name="n" type="digit"/>
XSD
is "$(number n urn:a 4) $(number n urn:a 5)" "good 2002 line 1 field n" \
    "a schema may redefine"
main <<'XSD'
<xs:include schemaLocation="gone.xsd"/>
<xs:element name="n" type="xs:int"/>
XSD
refused '2002 - line 2, schemas/main\.xsd: .*"gone\.xsd".*not in schemas/' \
    "an include of what is not there"

# xs:import
imports() {
	none
	echo "$digit<xs:element name='lib' type='xs:int'/>" |
	    schema "$1" 'targetNamespace="urn:lib"'
	main <<-XSD
	<xs:import namespace="urn:lib" $2/>
	<xs:element name="n" xmlns:l="urn:lib" type="l:digit"/>
	XSD
	is "$(number n urn:a 9) $(number n urn:a 10)" \
	    "good 2002 line 1 field n" "$3"
}
imports lib.xsd 'schemaLocation="lib.xsd"' "an import by file"
is "$(number lib urn:lib 5)" "2006 line 1 field lib" \
    "what is only imported defines no form"
imports parts/lib.xsd 'schemaLocation="parts/lib.xsd"' "in a folder"
imports lib.xsd 'schemaLocation="http://example.org/2001/lib.xsd"' \
    "by web address, with the file's name"
imports x/other.xsd 'schemaLocation="https://example.org/lib/"' \
    "by web address, the namespace tells the file"
imports lib.xsd 'schemaLocation="file:///usr/share/xml/lib.xsd"' \
    "by an address on the machine"
imports lib.xsd 'schemaLocation="../../../lib.xsd"' "by a way out"
imports other.xsd '' "without an address"
imports other.xsd 'schemaLocation=" "' "with an empty one"

# by web address, a schema that refers to its neighbours by file
none
schema w3/lib.xsd 'targetNamespace="urn:lib" xmlns="urn:lib"' <<'XSD'
<xs:include schemaLocation="part.xsd"/>
<xs:import namespace="urn:third" schemaLocation="third.xsd"/>
<xs:element name="lib" type="digit"/>
XSD
echo "$digit" | schema w3/part.xsd 'targetNamespace="urn:lib"'
echo '<xs:element name="third" type="xs:int"/>' |
    schema w3/third.xsd 'targetNamespace="urn:third"'
main <<'XSD'
<xs:import namespace="urn:lib" schemaLocation="http://example.org/a/lib.xsd"/>
<xs:element name="n"><xs:complexType><xs:sequence>
<xs:element xmlns:l="urn:lib" ref="l:lib"/>
</xs:sequence></xs:complexType></xs:element>
XSD
is "$(says '<n xmlns="urn:a"><lib xmlns="urn:lib">9</lib></n>')" good \
    "a schema known by web address finds its neighbours"
sed -i 's/value="9"/value="x"/' schemas/w3/part.xsd
refused '2002 - line 3, schemas/w3/part\.xsd: ' \
    "and what is wrong in them is told with the file"

# each imports the other
none
schema one.xsd 'targetNamespace="urn:one"' <<XSD
<xs:import namespace="urn:two" schemaLocation="two.xsd"/>
<xs:element name="n" type="t:digit" xmlns:t="urn:two"/>
XSD
schema two.xsd 'targetNamespace="urn:two"' <<XSD
<xs:import namespace="urn:one" schemaLocation="one.xsd"/>
$digit
<xs:element name="m" type="xs:int"/>
XSD
schema top.xsd 'targetNamespace="urn:top"' <<XSD
<xs:import namespace="urn:one" schemaLocation="one.xsd"/>
<xs:element name="top"><xs:complexType><xs:sequence>
<xs:element ref="o:n" xmlns:o="urn:one"/>
</xs:sequence></xs:complexType></xs:element>
XSD
is "$(says '<top xmlns="urn:top"><n xmlns="urn:one">10</n></top>')" \
    "2002 line 1 field n" "two that import each other serve a third"

none
main <<'XSD'
<xs:import namespace="urn:gone" schemaLocation="https://example.org/gone.xsd"/>
<xs:element name="n" xmlns:g="urn:gone" type="g:digit"/>
XSD
refused 'line 2, schemas/main\.xsd: .*(urn:gone|https://example\.org/gone\.xsd)' \
    "an import of what is not there"

# a schema like those of the W3C: a document type with entities of its own
none
cat >schemas/signed.xsd <<'XSD'
<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE xs:schema PUBLIC "-//W3C//DTD XMLSchema 200102//EN"
    "http://www.w3.org/2001/XMLSchema.dtd" [
  <!ATTLIST xs:schema xmlns:s CDATA #FIXED "urn:signed">
  <!ENTITY ns 'urn:signed'>
  <!ENTITY % p ''>
  <!ENTITY % s ''>
]>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:s="&ns;"
    targetNamespace="&ns;" elementFormDefault="qualified">
  <xs:element name="n" type="s:digit"/>
  <xs:simpleType name="digit"><xs:restriction base="xs:int">
    <xs:maxInclusive value="9"/></xs:restriction></xs:simpleType>
</xs:schema>
XSD
is "$(number n urn:signed 9) $(number n urn:signed 10)" \
    "good 2002 line 1 field n" "a schema may carry a document type"
main <<'XSD'
<xs:import namespace="urn:signed"
    schemaLocation="http://www.w3.org/TR/2002/signed.xsd"/>
<xs:element name="n" xmlns:s="urn:signed" type="s:digit"/>
XSD
is "$(number n urn:a 9) $(number n urn:a 10)" "good 2002 line 1 field n" \
    "and be imported"
sed -i "s,<!ENTITY ns 'urn:signed'>,<!ENTITY ns SYSTEM '/etc/hostname'>," \
    schemas/signed.xsd
refused '2002 - line [0-9]+, schemas/signed\.xsd: ' \
    "but what its entities refer to is not read"

# somebody else's schema, through a small one with the words
theirs() {
	none
	schema theirs/leave.xsd 'targetNamespace="urn:theirs"' <<-XSD
	<xs:element name="leave"><xs:complexType><xs:sequence>
	<xs:element name="who" type="xs:string"/>
	<xs:element name="from" type="xs:dateTime"/>
	<xs:element name="days" type="xs:positiveInteger"/>
	</xs:sequence></xs:complexType></xs:element>
	<xs:element name="other" type="xs:int"/>
	XSD
}
# words: those of the small schema from standard input; they begin on line 3
words() {
	{
		echo '<xs:annotation><xs:appinfo>'
		cat
		echo '</xs:appinfo></xs:annotation>'
		echo '<xs:include schemaLocation="theirs/leave.xsd"/>'
	} | schema ours.xsd 'targetNamespace="urn:theirs" xmlns:t="urn:theirs"'
}
form='<d:form element="t:leave" prefix="LV" client="t:who" label="t:who"
	    effective="t:from"/>'
# leave DAYS [FROM]
leave() {
	cat <<-EOF
	<leave xmlns="urn:theirs">
	<who>Ann</who>
	<from>${2:-2026-11-22T08:00:00}</from>
	<days>$1</days>
	</leave>
	EOF
}
theirs
is "$(says "$(leave 3)")" good "unedited it is taken"
is "$(number other urn:theirs 5)" good "with every element that it has"
words <<XSD
$form
<d:rule element="t:leave" at="t:days" test="t:days &lt;= 20">At most
  twenty days.</d:rule>
<d:rule element="t:leave" at="t:who" when="decision" fault="2006"
  test="t:who != 'Bob'">Bob is gone.</d:rule>
<d:rule element="t:leave" test="count(*) = 3 or t:days">Never said.</d:rule>
XSD
is "$(says "$(leave 20)")" good "with words of ours as well"
is "$(says "$(leave 21)")" "2010 line 4 field days" "a rule of ours holds"
is "$(says "$(leave 21 | sed 's/Ann/Bob/')")" \
    "2010 line 4 field days;2006 line 2 field who" \
    "each with its code; those for decisions at intake too"
like "$("$DOCKET" check "$T/form.xml")" \
    "2010 - line 4, days: At most twenty days\." "its sentence on one line"
is "$(says "$(leave none)")" "2002 line 4 field days" \
    "rules come after the schema"
is "$(number other urn:theirs 5)" "2006 line 1 field other" \
    "only what the words name is a form"
is "$(says "$(leave 3)" && name_of form.xml)" "good
Ann" "the label is read"
echo '<d:no-forms/>' | words
is "$(says "$(leave 3)")" "2006 line 1 field leave" "no-forms: none is a form"

# d:today() and d:day(), in the desk's time zone
theirs
words <<XSD
$form
<d:rule element="t:leave" at="t:from" test="d:day(t:from) = d:today()">Not
  today.</d:rule>
XSD
# today ZONE NOW FROM: good, or what is told
today() {
	printf '[desk]\n\ttimezone = %s\n' "$1" >>docket.conf
	export DOCKET_NOW="$2"
	says "$(leave 1 "$3")"
	unset DOCKET_NOW
}
not_today="2010 line 3 field from"
now=2026-11-22T10:00:00Z
is "$(today UTC $now 2026-11-22T00:00:00)" good "a time without a zone"
is "$(today UTC $now 2026-11-21T23:59:59)" "$not_today" "of yesterday"
is "$(today UTC $now 2026-11-22T23:30:00Z)" good "a time in UTC, in UTC"
is "$(today UTC $now 2026-11-23T00:30:00+01:00)" good "one that is east"
is "$(today UTC $now 2026-11-22T00:30:00+01:00)" "$not_today" \
    "one that is east, of yesterday here"
is "$(today UTC $now 2026-11-21T20:30:00-04:00)" good "one that is west"
is "$(today UTC $now 2026-11-22T23:59:59.999Z)" good "parts of a second"
is "$(today UTC $now 2026-11-22T05:29:00.5+05:30)" "$not_today" \
    "half an hour, and parts of a second"
is "$(today UTC $now 2026-11-22T24:00:00)" "$not_today" \
    "24:00 is the next day's begin"
is "$(today Europe/Berlin $now 2026-11-22T23:30:00Z)" "$not_today" \
    "an hour from midnight in UTC it is tomorrow in Berlin"
is "$(today Europe/Berlin $now 2026-11-21T23:30:00Z)" good \
    "and yesterday's is today's"
is "$(today Europe/Berlin $now 2026-11-22T23:30:00)" good \
    "what has no zone is the desk's"
is "$(today Pacific/Auckland $now 2026-11-21T11:00:00Z)" good \
    "midnight in Auckland"
is "$(today Pacific/Auckland $now 2026-11-21T10:59:59Z)" "$not_today" \
    "a second before"
is "$(today Pacific/Auckland 2026-11-22T11:30:00Z 2026-11-23T08:00:00)" good \
    "d:today() is the desk's day"
is "$(today America/New_York 2026-11-22T03:00:00Z 2026-11-21T22:00:00)" good \
    "on both sides"
is "$(today UTC $now 0001-01-01T00:00:00Z)" "$not_today" "the year 1"
is "$(today UTC $now 9999-12-31T23:59:59Z)" "$not_today" "the last year"
for from in 9999-12-31T23:59:59-14:00 9999-12-31T24:00:00 10000-01-01T00:00:00 \
    -0001-01-01T00:00:00 0001-01-01T00:00:00+14:00; do
	is "$(today UTC $now "$from")" "2002 line 3 field from" \
	    "no day that could be written down: $from"
done

# sentences: with a bound and a list, and what may not be told twice
none
main <<'XSD'
<xs:element name="n"><xs:complexType><xs:all>
<xs:element name="colour" minOccurs="0"><xs:simpleType>
<xs:restriction base="xs:token"><xs:enumeration value="red"/>
<xs:enumeration value="green"/></xs:restriction></xs:simpleType></xs:element>
<xs:element name="iban" minOccurs="0"><xs:simpleType>
<xs:restriction base="xs:token"><xs:length value="22"/></xs:restriction>
</xs:simpleType></xs:element>
<xs:element name="price" minOccurs="0"><xs:simpleType>
<xs:restriction base="xs:decimal"><xs:fractionDigits value="2"/>
<xs:totalDigits value="5"/><xs:minExclusive value="0"/></xs:restriction>
</xs:simpleType></xs:element>
<xs:element name="when" type="xs:dateTime" minOccurs="0"/>
<xs:element name="ok" type="xs:boolean" minOccurs="0"/>
<xs:element name="empty" minOccurs="0"><xs:complexType/></xs:element>
<xs:element name="fixed" type="xs:string" fixed="yes" minOccurs="0"/>
</xs:all><xs:attribute name="lang" type="xs:language"/>
<xs:attribute name="sort" use="required"><xs:simpleType>
<xs:restriction base="xs:token"><xs:enumeration value="up"/>
<xs:enumeration value="down"/></xs:restriction></xs:simpleType>
</xs:attribute></xs:complexType></xs:element>
XSD
# said CONTENT PATTERN NAME
said() {
	printf '<n xmlns="urn:a" sort="up">\n%s\n</n>\n' "$1" >"$T/form.xml"
	exits 1 "$3" "$DOCKET" check "$T/form.xml"
	like "$OUT" "$2" "$3: its sentence"
	like "$OUT" "xml: 1 fault$" "$3: said once"
}
said '<colour>blue</colour>' \
    '2002 - line 2, colour: "blue" is not one of .*red.*green' "an enumeration"
said '<colour></colour>' '2002 - line 2, colour: It is empty' "an empty one"
said '<colour> </colour>' '2002 - line 2, colour: It is empty' "a blank one"
said '<iban>DE02</iban>' \
    '2002 - line 2, iban: It has 4 characters; exactly 22' "a length"
said '<price>0</price>' '2002 - line 2, price: "0" is' "a bound"
said '<price>1.005</price>' '2002 - line 2, price: "1.005" ' "parts"
said '<price>123456</price>' '2002 - line 2, price: "123456" ' "digits"
said '<price>two</price>' '2002 - line 2, price: "two" is not ' \
    "no number"
said '<when>2026-11-22</when>' \
    '2002 - line 2, when: "2026-11-22" is not a date and time' "no time"
said '<ok>maybe</ok>' '2002 - line 2, ok: "maybe" is not true or false' \
    "neither true nor false"
said '<empty>x</empty>' '2002 - line 2, empty: This must be empty' "content"
said '<fixed>no</fixed>' '2002 - line 2, fixed: .*"?yes"?' "a fixed value"
said '<ok>true</ok><ok>true</ok>' '2002 - line 2, ok: .*(twice|too often)' \
    "a field twice"
is "$(says '<n xmlns="urn:a"
  sort="sideways"/>')" "2002 line 2 field sort" "a wrong attribute"
like "$("$DOCKET" check "$T/form.xml")" '"sideways" is not one of .*up.*down' \
    "its value is told"
is "$(says '<n xmlns="urn:a"/>')" "2002 line 1 field n" "one that is missing"
like "$("$DOCKET" check "$T/form.xml")" 'attribute "sort" is missing' \
    "its name is told"

# what is wrong with schemas: file and line
none
printf '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n<oops>\n' \
    >schemas/bad.xsd
refused '2002 - line [23], schemas/bad\.xsd: ' "a schema that is cut off"
: >schemas/bad.xsd
refused '20[0-9]+ - .*schemas/bad\.xsd: ' "an empty file"
echo '<html/>' >schemas/bad.xsd
refused '2002 - line 1, schemas/bad\.xsd: This is not an XML schema' \
    "what is no schema"
echo '<xs:element name="n" type="xs:integr"/>' | schema bad.xsd
refused '2002 - line 2, schemas/bad\.xsd: .*integr' "a type that is none"
none
echo '<xs:include schemaLocation="part/part.xsd"/>' | main
printf '\n\n<xs:elment name="n"/>\n' |
    schema part/part.xsd 'targetNamespace="urn:a"'
refused '2002 - line 4, schemas/part/part\.xsd: ' "in a file that is included"
none
echo '<xs:element name="n" type="xs:int"/>' | main
cp schemas/main.xsd schemas/again.xsd
refused '2002 - line 2, schemas/main\.xsd: .*\{urn:a\}n' \
    "two that define the same form"

# what is wrong with the words
theirs
# word TEXT PATTERN NAME
word() {
	printf '%s\n' "$1" | tr -s '\n\t' '  ' | words
	refused "2002 - line 3, schemas/ours\.xsd: $2" "$3"
}
word '<d:form element="t:leave"/>' 'In d:form: .*prefix' "no prefix"
word '<d:form element="t:leave" prefix="leave"/>' 'In d:form: .*leave' \
    "a prefix in small letters"
word '<d:form prefix="LV"/>' 'In d:form: .*element' "no element"
word '<d:form element="t:nothing" prefix="LV"/>' \
    'In d:form: there is no such element: nothing' "an unknown element"
word '<d:form element="leave" prefix="LV"/>' \
    'In d:form: .*leave' "an element without its prefix"
word '<d:form element="d:leave" prefix="LV"/>' \
    'In d:form: .*leave' "an element of another namespace"
word '<d:form element="q:leave" prefix="LV"/>' \
    'In d:form: the prefix is not declared: q' "a prefix of nobody"
word '<d:form element="t:leave" prefix="LV" clinet="t:who"/>' \
    'In d:form: .*clinet' "an unknown attribute"
word '<d:from element="t:leave" prefix="LV"/>' \
    'In d:from: there is no such word' "an unknown word"
word "$form<d:rul element='t:leave' test='1'/>" \
    'In d:rul: there is no such word' "an unknown word after a known one"
word '<d:form element="t:leave" prefix="LV" issues="cake"/>' \
    'In d:form: issues is key, not cake' "what is not issued"
word '<d:form element="t:leave" asks="revocation"/>' \
    'In d:form: .*number' "a request without a number"
word "$form$form" 'In d:form: .*defined already' "a form twice"
word '<d:form element="t:leave" prefix="LV" client="t:who["/>' \
    'In d:form: .*XPath.*t:who\[' "an expression that is none"
word '<d:form element="t:leave" prefix="LV" client="q:who"/>' \
    'In d:form: .*q' "an expression with a prefix of nobody"
word '<d:form element="t:leave" prefix="LV" client="d:when(t:who)"/>' \
    'In d:form: .*when' "an unknown function"
# shellcheck disable=SC2016 # a variable of XPath
word '<d:form element="t:leave" prefix="LV" client="$who"/>' \
    'In d:form: .*who' "a variable"
# rule ATTRIBUTES PATTERN NAME
rule() {
	word "$form<d:rule $1>Why.</d:rule>" "$2" "$3"
}
rule 'element="t:leave"' 'In d:rule: .*test' "a rule without a test"
rule 'element="t:leave" test="("' 'In d:rule: .*XPath' "a test that is none"
rule 'element="t:leave" test="d:day()"' 'In d:rule: ' "a test that lacks a value"
rule 'element="t:leave" test="1" at="t:who["' 'In d:rule: .*XPath' \
    "a place that is none"
rule 'element="t:leave" test="1" when="never"' 'In d:rule: .*never' \
    "a time that is none"
rule 'element="t:leave" test="1" fault="99"' 'In d:rule: .*99' \
    "a code that is none"
rule 'element="t:leave" test="1" wehn="decision"' 'In d:rule: .*wehn' \
    "an unknown attribute of a rule"
rule 'element="t:other" test="1"' 'In d:rule: .*other' \
    "a rule of what is no form"
long=$(awk 'BEGIN { while (n++ < 300) printf "aé" }')
word "<d:form element='t:leave' prefix='LV' issues='a$long'/>" \
    'In d:form: issues is key, not a' "a long word that is not ASCII"
word '<d:form element="t:leave" prefix="LV" issues="a&#10;b"/>' \
    'In d:form: issues is key, not a' "a word of two lines"

# nothing outside schemas/ is read
none
ln -s "$T/shipped/api-key.xsd" schemas/link.xsd
refused 'schemas/link\.xsd' "a link"
rm schemas/link.xsd
mkfifo schemas/fifo.xsd
refused 'schemas/fifo\.xsd' "a pipe"
rm schemas/fifo.xsd

done_testing
