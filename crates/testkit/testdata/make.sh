set -e
cat > c.cnf <<'X'
[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[sign]
keyUsage=critical,nonRepudiation
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
certificatePolicies=2.999.1.1,0.4.0.2042.1.2
authorityInfoAccess=caIssuers;URI:http://pki.example.com/issuer/signature.cer,OCSP;URI:http://pki.example.com/ocsp
crlDistributionPoints=URI:http://pki.example.com/crl/signature.crl
1.3.6.1.5.5.7.1.3=DER:3081c130080606040 
[tsu]
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
certificatePolicies=2.999.1.7,0.4.0.2042.1.2
authorityInfoAccess=caIssuers;URI:http://pki.example.com/issuer/ts.cer,OCSP;URI:http://pki.example.com/ocsp
crlDistributionPoints=URI:http://pki.example.com/crl/ts.crl
2.5.29.16=ASN1:SEQUENCE:pkup
[pkup]
a=IMPLICIT:0,GENERALIZEDTIME:20261124000000Z
b=IMPLICIT:1,GENERALIZEDTIME:20271124000000Z
[ocsp]
keyUsage=critical,digitalSignature
extendedKeyUsage=OCSPSigning
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
certificatePolicies=2.999.1.6
authorityInfoAccess=caIssuers;URI:http://pki.example.com/issuer/signature.cer
noCheck=ignored
[qc]
c=SEQUENCE:qc1
l=SEQUENCE:qc7
t=SEQUENCE:qc6
p=SEQUENCE:qc5
r=SEQUENCE:qc3
s=SEQUENCE:sem
q=SEQUENCE:qc9
d=SEQUENCE:qc4
[qc1]
o=OID:0.4.0.1862.1.1
[qc4]
o=OID:0.4.0.1862.1.4
[qc7]
o=OID:0.4.0.1862.1.7
v=SEQUENCE:ge
[qc9]
o=OID:0.4.0.1862.1.9
v=SEQUENCE:ge
[ge]
a=PRINTABLESTRING:GE
[qc6]
o=OID:0.4.0.1862.1.6
v=SEQUENCE:qct
[qct]
a=OID:$ENV::QCTYPE
[qc5]
o=OID:0.4.0.1862.1.5
v=SEQUENCE:pdss
[pdss]
a=SEQUENCE:pen
b=SEQUENCE:pka
[pen]
u=IA5STRING:https://pki.example.com/pds/en.pdf
l=PRINTABLESTRING:en
[pka]
u=IA5STRING:https://pki.example.com/pds/ka.pdf
l=PRINTABLESTRING:ka
[qc3]
o=OID:0.4.0.1862.1.3
v=INTEGER:10
[sem]
o=OID:1.3.6.1.5.5.7.11.2
v=SEQUENCE:semi
[semi]
a=OID:$ENV::SEMID
X
sed -i 's/^1.3.6.1.5.5.7.1.3=DER.*/1.3.6.1.5.5.7.1.3=ASN1:SEQUENCE:qc/' c.cnf
export QCTYPE=0.4.0.1862.1.6.1 SEMID=0.4.0.194121.1.1
key() { openssl ecparam -name $2 -genkey -noout -out $1.key; }
key root secp384r1; key ca secp384r1; key sign prime256v1; key seal prime256v1; key tsu prime256v1; key ocsp prime256v1
O="/C=GE/O=TEST Trust LLC/organizationIdentifier=NTRGE-404123456"
openssl req -utf8 -new -x509 -key root.key -subj "$O/CN=TEST Root" -config c.cnf -extensions root -days 9000 -sha384 -out root.pem
mk() { openssl req -utf8 -new -key $1.key -subj "$2" -config c.cnf -out $1.csr; openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -extfile c.cnf -extensions $4 -days $5 -sha384 -set_serial 0x4$(openssl rand -hex 15 | cut -c2-) -out $1.pem 2>/dev/null; openssl x509 -in $1.pem -outform DER -out $1.der; }
mk ca "$O/CN=TEST CA" root ca 5000
mk sign "/C=GE/GN=ნინო/SN=ბერიძე/serialNumber=PNOGE-01001012345/CN=ნინო ბერიძე" ca sign 700
QCTYPE=0.4.0.1862.1.6.2 SEMID=0.4.0.194121.1.2 mk seal "/C=GE/O=თელავი/organizationIdentifier=NTRGE-404123457/CN=თელავი" ca sign 700
mk tsu "$O/CN=TEST TSU 1" ca tsu 700
mk ocsp "$O/CN=TEST OCSP 1" ca ocsp 14
openssl x509 -in root.pem -outform DER -out root.der
touch index.txt; echo 01 > crlnumber
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha384\ncrl_extensions=ce\n[ce]\nauthorityKeyIdentifier=keyid\n' > ca.cnf
openssl ca -config ca.cnf -revoke sign.pem -crl_reason keyCompromise -cert ca.pem -keyfile ca.key 2>/dev/null
openssl ca -config ca.cnf -gencrl -cert ca.pem -keyfile ca.key -crlhours 24 -out crl.pem 2>/dev/null; openssl crl -in crl.pem -outform DER -out crl.der
openssl ocsp -issuer ca.pem -cert sign.pem -reqout r.req -no_nonce >/dev/null 2>&1
openssl ocsp -index index.txt -CA ca.pem -rsigner ocsp.pem -rkey ocsp.key -reqin r.req -respout ocsp-response.der -resp_key_id -rmd sha256 -nmin 60 >/dev/null 2>&1
