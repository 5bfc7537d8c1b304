#!/bin/sh
# Whose key it is, and when and for what it is good: what ssh-keygen takes of
# keys, certificates and lines of allowed_signers, and what becomes of it.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

# key NAME TYPE [OPTION ...]
key() {
	_key=$1
	_type=$2
	shift 2
	ssh-keygen -q -t "$_type" -N '' -C "$_key" -f "$T/$_key" "$@"
}
# public NAME: as a line of allowed_signers ends
public() {
	cut -d' ' -f1,2 "$T/$1.pub"
}
# signers LINE ...: are the allowed signers from now on
signers() {
	printf '%s\n' "$@" >"$T/signers"
	forget
	mv "$T/signers" allowed_signers
	seen event=rules || diag "the signers are not taken" \
	    "$(cat allowed_signers.refused.txt)"
}
n=0
receive() {
	n=$((n + 1))
	paper=$(printf 'AK-%06d' $n)
	key_form acme "form $n" | drop "k$n.xml"
	waitfor there "pending/$paper.xml" || diag "$paper does not come"
}
# approved_by KEYFILE WHO NAME: the next form, approved so
approved_by() {
	receive
	sign "$1" approve "pending/$paper.xml"
	ok "$3" waitfor there "approved/$paper.xml"
	is "$(trailer Decided-by | sed 's/ (.*//')" "$2" "$3: by $2"
}
# refused_of KEYFILE PATTERN NAME: a form is not approved so, and why
refused_of() {
	receive
	sign "$1" approve "pending/$paper.xml"
	ok "$3" waitfor match "pending/$paper.refused.txt" "$2"
	not_ok "$3: it is not approved" test -e "approved/$paper.xml"
}

make_desk
sed -i -e '/^\[reviewer/,$d' docket.conf
quick
conf '[reviewer "alice"]' '	group = desk' '[reviewer "bob"]' '	group = desk' \
    '[reviewer "carol"]' '	group = desk' \
    '[review]' '	evidence = signature' '	apart = false'
key alice ed25519
key bob ed25519
echo "alice $(public alice)" >allowed_signers
start
seen event=rules

# types of keys
i=0
for type in "ed25519" "ecdsa -b 256" "ecdsa -b 384" "ecdsa -b 521" \
    "rsa -b 2048" "rsa -b 4096"; do
	i=$((i + 1))
	# shellcheck disable=SC2086
	key "type$i" $type
	signers "alice $(public "type$i")"
	approved_by "type$i" alice "a key of type $type"
	like "$(trailer Decided-by)" \
	    "^alice \\($(printf 'signature %s' "$(ssh-keygen -lf \
	    "$T/type$i.pub" | cut -d' ' -f2 | sed 's/[+]/[+]/g')")\\)$" \
	    "its fingerprint is that of ssh-keygen -l"
done
# A hardware key, played by openssl: the device's signature is over what it
# knows of itself, and the digest of what is signed.
cat >"$T/device.pl" <<'PERL'
use strict;
use Digest::SHA qw(sha256 sha512);
use MIME::Base64;
my ($pem, $what, $space) = @ARGV;
sub str { pack('N/a*', $_[0]) }
my $type = 'sk-ssh-ed25519@openssh.com';
my $der = `openssl pkey -in $pem -pubout -outform DER`;
my $public = str($type) . str(substr($der, -32)) . str('ssh:');
if ($what eq 'public') {
	print "$type ", encode_base64($public, ''), "\n";
	exit;
}
local $/;
my $message = <STDIN>;
my $data = 'SSHSIG' . str($space) . str('') . str('sha512') .
    str(sha512($message));
my $flags = pack('CN', $what eq 'touched' ? 1 : 0, 7);
open my $f, '>', "$pem.data" or die;
print $f sha256('ssh:') . $flags . sha256($data);
close $f;
my $raw = `openssl pkeyutl -sign -rawin -inkey $pem -in $pem.data`;
my $sig = str($type) . str($raw) . $flags;
my $blob = 'SSHSIG' . pack('N', 1) . str($public) . str($space) . str('') .
    str('sha512') . str($sig);
print "-----BEGIN SSH SIGNATURE-----\n", encode_base64($blob),
    "-----END SSH SIGNATURE-----\n";
PERL
if openssl genpkey -algorithm ed25519 -out "$T/device" 2>/dev/null &&
    perl "$T/device.pl" "$T/device" public >"$T/device.pub"; then
	signers "alice $(public device)"
	receive
	perl "$T/device.pl" "$T/device" touched approve@docket \
	    <"pending/$paper.xml" >"$T/sig"
	cp "$T/sig" "pending/$paper.xml.sig"
	ok "a hardware key" waitfor there "approved/$paper.xml"
	like "$(trailer Decided-by)" '^alice \(signature SHA256:' \
	    "by its owner"
	receive
	perl "$T/device.pl" "$T/device" untouched approve@docket \
	    <"pending/$paper.xml" >"$T/sig"
	cp "$T/sig" "pending/$paper.xml.sig"
	ok "it is for ssh-keygen to ask that it was touched" \
	    waitfor there "approved/$paper.xml"
	receive
	sed 's/acme/evil/' "pending/$paper.xml" |
	    perl "$T/device.pl" "$T/device" touched approve@docket >"$T/sig"
	cp "$T/sig" "pending/$paper.xml.sig"
	ok "over another text it is not good" \
	    waitfor match "pending/$paper.refused.txt" "not good over"
else
	skip "no openssl that signs with ed25519"
fi

# times
signers "alice valid-before=\"20200101Z\" $(public alice)" \
    "bob $(public bob)"
refused_of alice "key has expired" "a key that was good until 2020"
signers "alice valid-after=\"20900101Z\" $(public alice)"
refused_of alice "not yet valid" "a key that will be good in 2090"
signers "alice valid-after=\"20200101Z\",valid-before=\"20900101Z\" \
$(public alice)"
approved_by alice alice "a key that is good now"

# purposes
signers "alice namespaces=\"return@docket,reject@docket\" $(public alice)"
refused_of alice "namespace" "a key that is not for approvals"
unlike "$(cat "pending/$paper.refused.txt")" "/proc" "says so plainly"
sign alice reject "pending/$paper.xml"
ok "but rejects" waitfor there "rejected/$paper.xml"
signers "alice namespaces=\"*@docket\" $(public alice)"
approved_by alice alice "a pattern of namespaces"

# people
signers "alice,bob $(public alice)"
refused_of alice "several principals" "a key of two people"
signers "dave $(public alice)" "bob $(public bob)"
refused_of alice "dave, who is not a reviewer" "a key of no reviewer"
signers "* $(public alice)"
refused_of alice "not a reviewer" "a key of everybody"
forget
printf '%s\n' "# two" "alice $(public bob)" "bob $(public bob)" \
    >allowed_signers
ok "a key of two people on two lines is not taken" \
    waitfor match allowed_signers.refused.txt "line 3: The same key"
signers "alice valid-before=\"20200101Z\" $(public alice)" \
    "alice valid-after=\"20200101Z\" $(public alice)"
approved_by alice alice "of one person on two lines it is"

# certificates
key authority ed25519
certify() {
	_who=$1
	shift
	ssh-keygen -q -s "$T/authority" -I "$_who" "$@" "$T/$_who.pub"
}
key cert ed25519
key carol ecdsa
signers "alice,bob,carol cert-authority $(public authority)"
certify cert -n bob -V -1h:+1h -z 1
approved_by cert-cert.pub bob "a certificate"
approved_by cert-cert.pub bob "once more"
is "$(trailer Decided-by)" "bob (signature $(ssh-keygen -lf "$T/cert.pub" |
    cut -d' ' -f2))" "the fingerprint is that of the key in it"
refused_of cert "nobody's" "the key without its certificate"
refused_of authority "nobody's" "the key of the authority itself"
certify cert -n bob -V 20200101Z:20200201Z
refused_of cert-cert.pub "nobody's" "a certificate that is over"
certify cert -n dave -V -1h:+1h
refused_of cert-cert.pub "nobody's" "a certificate for somebody else"
certify cert -n bob,carol -V -1h:+1h
refused_of cert-cert.pub "several principals" "a certificate for two"
certify cert -V -1h:+1h
refused_of cert-cert.pub "nobody's" "a certificate for nobody in particular"
certify cert -h -n bob -V -1h:+1h
refused_of cert-cert.pub "nobody's" "a certificate of a host"
signers "* cert-authority,namespaces=\"approve@docket\" $(public authority)"
certify carol -n carol -V -1h:+1h -z 7
approved_by carol-cert.pub carol "an authority for everybody, for approvals"
receive
sign carol-cert.pub reject "pending/$paper.xml"
ok "is not one for rejections" \
    waitfor match "pending/$paper.refused.txt" "namespace"

certify cert -n bob -V -1h:+1h
signers "alice cert-authority $(public authority)" \
    "bob cert-authority $(public authority)"
approved_by cert-cert.pub bob "an authority with a line for each"

# revocations
signers "* cert-authority $(public authority)"
forget
printf 'serial: 7\n' >"$T/spec"
ssh-keygen -q -k -f revoked_keys -s "$T/authority.pub" "$T/spec"
seen event=rules
refused_of carol-cert.pub "The key is revoked" "a certificate that is revoked"
certify carol -n carol -V -1h:+1h -z 8
approved_by carol-cert.pub carol "the next one is not"
forget
public carol >revoked_keys
seen event=rules
refused_of carol-cert.pub "The key is revoked" "a list of keys revokes too"
forget
public authority >revoked_keys
seen event=rules
certify cert -n bob -V -1h:+1h
refused_of cert-cert.pub "The key is revoked" "and an authority"
ssh-keygen -lf "$T/bob.pub" | cut -d' ' -f2 >revoked_keys
ok "a list of fingerprints is not taken" \
    waitfor match revoked_keys.refused.txt "line 1: A type of key"
ssh-keygen -q -k -f "$T/krl" "$T/bob.pub"
head -c 50 "$T/krl" >revoked_keys
ok "nor is half a file" waitfor match revoked_keys.refused.txt "damaged"
forget
ssh-keygen -q -k -f "$T/none"
cp "$T/none" revoked_keys
signers "alice $(public alice)"
approved_by alice alice "a file that revokes nothing"
forget
sed -i 's/^.*evidence = signature/&\n	revocations = true/' docket.conf
ok "that it must be there" seen event=rules
approved_by alice alice "where it is"
forget
rm revoked_keys
ok "it is not removed again" \
    waitfor match revoked_keys.refused.txt "asks for it"
cp "$T/none" revoked_keys
ok "it is back" waitfor gone revoked_keys.refused.txt

# no program that verifies
stop
mkdir "$T/bin"
for tool in git sh; do
	ln -s "$(command -v $tool)" "$T/bin/$tool"
done
start PATH="$T/bin"
receive
sign alice approve "pending/$paper.xml"
ok "without ssh-keygen nothing counts" waitfor match .docket/notices \
    "a decision on $paper waits, and is tried again: ssh-keygen cannot be run"
is "$(cd pending && echo "$paper".*)" "$paper.xml $paper.xml.sig" \
    "but nobody is blamed"
like "$("$DOCKET" status)" "a decision on $paper waits" "status says it"
stop
start
ok "with it again it does" waitfor there "approved/$paper.xml"
ok "and the notice goes" waitfor gone "pending/$paper.xml.sig"
unlike "$("$DOCKET" status)" "waits, and is tried" "with its notice"
stop
trays_equal_ledger
fsck_clean
done_testing
