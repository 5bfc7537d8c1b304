#!/bin/sh
# Schemas made to harm: they are refused or do no harm, nothing is fetched,
# the rules in force stay, and good forms go through beside them.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"
make_desk
quick
start
n=0

head='<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:h="urn:h"
    xmlns:d="urn:docket:schema:1" targetNamespace="urn:h"
    elementFormDefault="qualified">'
# put NAME: standard input becomes a schema of that name, all at once
put() {
	cat >"$T/$1"
	mv "$T/$1" "schemas/$1"
}
# The daemon, and what it has started, in bytes.
good_goes_by() {
	n=$((n + 1))
	key_form acme "form $n" | drop good$n.xml
	ok "$1: a good form goes by" waitfor -t 100 there \
	    "outbox/AK-$(printf %06d $n).received.txt" ||
		diag "$(tail -n 3 "$T/log")"
}
# refused NAME FILE: the schema that was put is; then it goes
refused() {
	ok "$1 is refused" waitfor -t 100 there "$2.refused.txt" ||
		diag "$(tail -n 3 "$T/log")"
	good_goes_by "$1"
	rm -f schemas/h.xsd schemas/h2.xsd
	ok "$1: when it is gone, all is well" waitfor gone "$2.refused.txt"
}
# taken NAME: it is not; it does no harm
taken() {
	ok "$1 does no harm" seen about=schemas/h.xsd ||
		diag "$(cat "$T/log" schemas/*.refused.txt)"
	good_goes_by "$1"
	forget
	rm -f schemas/h.xsd schemas/h2.xsd
	waitfor -t 60 match "$T/log" about=schemas/h.xsd
	forget
}

# entities
put h.xsd <<-END
<!DOCTYPE xs:schema [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">
$(for i in 1 2 3 4 5 6 7 8 9; do
	p=$(echo "$i" | tr 123456789 abcdefghi)
	q=$(echo "$i" | tr 123456789 bcdefghij)
	echo "<!ENTITY $q \"&$p;&$p;&$p;&$p;&$p;&$p;&$p;&$p;&$p;&$p;\">"
done)]>
$head<xs:element name="x"><xs:annotation><xs:documentation>&j;</xs:documentation></xs:annotation></xs:element></xs:schema>
END
refused "a bomb of entities" schemas/h.xsd
echo "the secret of the desk" >"$T/secret"
put h.xsd <<-END
<!DOCTYPE xs:schema [<!ENTITY s SYSTEM "file://$T/secret">]>
$head<xs:element name="x"><xs:annotation><xs:documentation>&s;</xs:documentation></xs:annotation></xs:element></xs:schema>
END
forget
taken "an entity that is a file"
not_ok "which was not read" grep -rqs "secret of the desk" schemas \
    outbox "$T/log"

# addresses: somebody listens there, and hears nothing
perl -MIO::Socket::INET -e '
    my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or
	die; print $l->sockport, "\n"; close STDOUT;
    $l->accept && open(my $f, ">", $ARGV[0]);' "$T/heard" >"$T/port" &
listener=$!
waitfor match "$T/port" ''
port=$(cat "$T/port")
put h.xsd <<-END
$head<xs:import namespace="urn:far" schemaLocation="http://127.0.0.1:$port/a.xsd"/>
<xs:include schemaLocation="http://127.0.0.1:$port/b.xsd"/>
<xs:element name="x" type="xs:string"/></xs:schema>
END
refused "an include from an address" schemas/h.xsd
put h.xsd <<-END
$head<xs:include schemaLocation="/etc/passwd"/>
<xs:element name="x" type="xs:string"/></xs:schema>
END
refused "an include of a file elsewhere" schemas/h.xsd
put h.xsd <<-END
$head<xs:include schemaLocation="../docket.conf"/>
<xs:element name="x" type="xs:string"/></xs:schema>
END
refused "one of a file beside the schemas" schemas/h.xsd
kill $listener 2>/dev/null
not_ok "nothing was fetched" test -e "$T/heard"

# going round in circles
put h2.xsd <<-END
$head<xs:include schemaLocation="h.xsd"/></xs:schema>
END
waitfor there schemas/h2.xsd.refused.txt
put h.xsd <<-END
$head<xs:include schemaLocation="h2.xsd"/><xs:include schemaLocation="h.xsd"/>
<xs:element name="x" type="xs:string"/></xs:schema>
END
ok "two that include each other come to an end" seen event= ||
	diag "$(cat "$T/log")"
good_goes_by "two that include each other"
rm -f schemas/h.xsd schemas/h2.xsd
waitfor gone schemas/h.xsd.refused.txt schemas/h2.xsd.refused.txt
forget
put h.xsd <<-END
$head<xs:group name="g"><xs:sequence><xs:group ref="h:g"/></xs:sequence></xs:group>
<xs:element name="x"><xs:complexType><xs:group ref="h:g"/></xs:complexType></xs:element></xs:schema>
END
refused "a group of itself" schemas/h.xsd
put h.xsd <<-END
$head<xs:complexType name="a"><xs:complexContent><xs:extension base="h:a"/></xs:complexContent></xs:complexType>
<xs:element name="x" type="h:a"/></xs:schema>
END
refused "a type of itself" schemas/h.xsd

# too much of everything
if [ -n "$sanitized" ]; then
	skip "no bounds in this build"
elif [ -z "${HOSTILE:-}" ]; then
	skip "what takes all that a worker may is tried by make hostile"
else
	{
		echo "$head<xs:group name=\"g0\"><xs:sequence><xs:element
		    name=\"a\" type=\"xs:string\"/></xs:sequence></xs:group>"
		i=0
		while [ $i -lt 40 ]; do
			echo "<xs:group name=\"g$((i + 1))\"><xs:sequence>
			    <xs:group ref=\"h:g$i\"/><xs:group ref=\"h:g$i\"/>
			    </xs:sequence></xs:group>"
			i=$((i + 1))
		done
		echo "<xs:element name=\"x\"><xs:complexType>
		    <xs:group ref=\"h:g40\"/></xs:complexType></xs:element>
		    </xs:schema>"
	} | put h.xsd
	refused "a bomb of groups" schemas
fi
head -c 9000000 /dev/zero | tr '\0' ' ' | put h.xsd
ok "nine megabytes of blanks are refused" \
    seen "schemas/h.xsd: the file is too large"
good_goes_by "nine megabytes of blanks"
rm schemas/h.xsd
waitfor gone schemas/h.xsd.refused.txt
printf '%s' "$head" | put h.xsd
refused "half a schema" schemas/h.xsd
printf '\376\377\0<\0x' | put h.xsd
refused "one in UTF-16 that is cut off" schemas/h.xsd
forget
put h.xsd <<-END
$head<xs:element name="x"><xs:complexType><xs:sequence maxOccurs="2000">
<xs:sequence maxOccurs="2000"><xs:element name="a" maxOccurs="2000"
type="xs:string"/></xs:sequence></xs:sequence></xs:complexType></xs:element></xs:schema>
END
taken "8,000,000,000 elements"
put h.xsd <<-END
$head<xs:element name="x"><xs:simpleType><xs:restriction base="xs:string">
<xs:pattern value="((a{0,99}){0,99}){0,99}b"/></xs:restriction></xs:simpleType></xs:element></xs:schema>
END
taken "a pattern of 970,299 letters"
unlike "$(cat "$T/log")" event=trouble "the desk was never in trouble"
stop
fsck_clean
done_testing
