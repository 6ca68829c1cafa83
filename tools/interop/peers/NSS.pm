# SPDX-License-Identifier: MIT
# NSS's selfserv, which gives out files over HTTP/1.0, and tstclnt, by standard input and output.
package NSS;
use strict;
use warnings;
use Pki;
use Process;

my %groups = (X25519 => 'x25519', 'P-256' => 'P256', 'P-384' => 'P384', 'P-521' => 'P521');
my %suites13 = ('AES-128-GCM' => '1301', 'AES-256-GCM' => '1302', 'CHACHA20-POLY1305' => '1303',
	'AES-128-CCM' => '1304');
# ECDHE_ECDSA, ECDHE_RSA
my %suites12 = ('AES-128-GCM' => [ 'C02B', 'C02F' ], 'AES-256-GCM' => [ 'C02C', 'C030' ],
	'CHACHA20-POLY1305' => [ 'CCA9', 'CCA8' ]);
my $large = 4 << 20;

sub new
{
	my ($class, %self) = @_;

	$self{help} = { client => Process::output('tstclnt'), server => Process::output('selfserv') };
	$self{version} = $self{help}{client} eq '' || $self{help}{server} eq '' ? undef : _version();
	_databases(\%self) if defined $self{version};
	return bless \%self, $class;
}

# No program of NSS says its version: its package does.
sub _version
{
	return 'NSS ' . (Process::output('dpkg-query', '-W', '-f', '${Version}', 'libnss3') =~ /^(?:\d+:)?([\d.]+)/ ?
	    $1 : Process::output('rpm', '-q', '--qf', '%{VERSION}', 'nss') || 'of unknown version');
}

# With certificates and their nicknames; whether it takes the key.
sub _database
{
	my ($self, $name, %certificates) = @_;
	my ($db, $taken) = ("$self->{tmp}/nss-$name", 1);
	my ($kind) = $name =~ /-(.*)/;

	mkdir $db or die "$db: $!\n";
	Process::output('certutil', '-N', '-d', "sql:$db", '--empty-password');
	Process::output('certutil', '-A', '-d', "sql:$db", '-n', 'root', '-t', 'CT,C,', '-i', "$self->{pki}/root.pem");
	for my $certificate (keys %certificates) {
		Pki::openssl('pkcs12', '-export', '-in', "$self->{pki}/$certificate.chain.pem", '-inkey',
		    "$self->{pki}/$kind.key", '-name', $certificates{$certificate}, '-passout', 'pass:', '-out', "$db/p12");
		$taken = 0 if !Process::succeeds('pk12util', '-d', "sql:$db", '-i', "$db/p12", '-W', '');
	}
	return $taken;
}

# For each kind of key; the name that selfserv's SNI serves is a certificate's nickname.
sub _databases
{
	my ($self) = @_;

	_database($self, 'none');
	for my $kind (sort keys %Pki::kinds) {
		_database($self, "client-$kind", "client-$kind" => "client-$kind");
		$self->{takes}{$kind} = _database($self, "server-$kind", "server-$kind" => "server-$kind",
		    "exact-$kind" => 'www.interop.example');
	}
	Pki::write_file("$self->{tmp}/pattern", Process::pattern(0, 1600));
	Pki::write_file("$self->{tmp}/pattern.large", Process::pattern(0, $large));
}

sub lacks
{
	my ($self, $role, $dim, $value) = @_;
	my $help = $self->{help}{$role};

	return $help !~ /\btls$value\b/ if $dim eq 'version';
	return $help !~ /\b$groups{$value}\b/ if $dim eq 'group';
	return !$self->{takes}{$value} if $dim eq 'certificate';
	# Where it has the cipher, it serves.
	return Process::output('timeout', 0.5, 'selfserv', '-d', "sql:$self->{tmp}/nss-server-RSA", '-n', 'server-RSA', '-p',
	    Process::free_port(), '-c', ":$suites13{$value}") =~ /UNKNOWN_CIPHER_SUITE/ if $dim eq 'cipher';
	return $help !~ /ALPN/ if $value eq 'alpn';
	return $help !~ /key.?update/i if $value =~ /^update-peer/;
	return $help !~ /record.?size/i if $value eq 'record-size-limit';
	return $help !~ /session ticket extension/i if $value eq 'ticket';
	return $help !~ /^-a/m if $value eq 'sni';
	return 0;
}

sub restricts { 1 }

# Whether it can be tried.
sub adjust
{
	my ($self, $role, $row) = @_;

	# An ECDSA key wants a group as strong as itself.
	my %strength = (X25519 => 0, 'P-256' => 0, 'P-384' => 1, 'P-521' => 2);
	my ($curve) = $row->{certificate} =~ /^ECDSA-(.*)/;
	$row->{group} = $curve if $role eq 'server' && $row->{version} eq '1.2' && defined $curve &&
	    $strength{$curve} > $strength{ $row->{group} };
	return $role eq 'client' || $row->{feature} ne 'sni' || $row->{version} eq '1.3' || $row->{certificate} =~ /^RSA/;
}

sub notes
{
	return "In TLS 1.2 selfserv has no ECDSA for SNI's names, and for an ECDSA key no weaker group: not tried.";
}

sub _bytes { return $_[0]{feature} eq 'large' ? $large : 1600 }

sub _common
{
	my ($self, $case) = @_;
	my $rsa = $case->{certificate} =~ /^RSA/;
	my $suites = $case->{version} eq '1.3' ? \%suites13 : { map { $_ => $suites12{$_}[$rsa] } keys %suites12 };
	my @suites = $case->{peer_cipher} ? $suites->{ $case->{cipher} } :
	    map { $suites->{$_} } grep { $_ ne 'AES-128-CCM' } sort keys %$suites;

	# By itself it leaves out the schemes of RSA-PSS keys.
	my @schemes = $self->{help}{server} =~ /\b((?:rsa|ecdsa)_\w+_sha(?:256|384|512))\b/g;

	return ('-J', join(',', @schemes), '-V', "tls$case->{version}:tls$case->{version}",
	    '-c', join('', map { ":$_" } @suites), '-I', join(',', map { $groups{$_} } @{ $case->{peer_groups} }),
	    $case->{feature} eq 'ticket' ? '-u' : ());
}

sub server
{
	my ($self, $case, $port) = @_;
	my @options = (_common($self, $case), '-d', "sql:$self->{tmp}/nss-server-$case->{certificate}", '-p', $port,
		'-v', $case->{version} eq '1.2' && $case->{certificate} !~ /^RSA/ ? '-e' : '-n', $case->{identity});
	my ($feature, $bytes) = ($case->{feature}, _bytes($case));
	my $file = "$self->{tmp}/pattern" . ($feature eq 'large' ? '.large' : '');
	my $update = $feature =~ /^update-ours(-request)?$/ ? 'update' . ($1 // '') : undef;

	push @options, '-Q' if $feature eq 'alpn';
	push @options, '-a', 'www.interop.example' if $feature eq 'sni';
	push @options, ('-r') x ($case->{client_auth} eq 'require' ? 2 : 1) if $case->{client_auth};
	return {
		command => [ 'selfserv', @options ],
		steps => join ',', ($update // (), "text=GET $file ", $update // (), 'text=HTTP/1.0\r\n\r\n',
		    'await=\r\n\r\n', "recv=$bytes", 'drain'),
	};
}

sub client
{
	my ($self, $case, $port) = @_;
	my @options = ('-4', '-h', '127.0.0.1', '-a', $case->{server_name}, '-p', $port, _common($self, $case));

	# Asked for a certificate, it shows what it finds.
	push @options, '-d', "sql:$self->{tmp}/nss-" . (defined $case->{client} ? "client-$case->{certificate}" : 'none');
	push @options, '-n', $case->{client} if defined $case->{client};
	# On a pipe it doesn't see the end.
	push @options, '-A', "$self->{tmp}/pattern" . ($case->{feature} eq 'large' ? '.large' : ''), '-L',
	    $case->{connections}, '-v';
	return { commands => [ [ 'tstclnt', @options ] ], alone => 1 };
}

# tstclnt stays until the server has closed.
sub steps
{
	my ($self, $case) = @_;
	my $bytes = _bytes($case);

	return "recv=$bytes,send=$bytes" if $case->{feature} !~ /^update-ours(-request)?$/;
	return join ',', ('recv=800', 'update' . ($1 // ''), 'send=800') x 2;
}

# What a TLS 1.2 client is told that has no certificate.
sub alert
{
	my ($self, $case) = @_;

	return $case->{version} eq '1.3' ? 'certificate_required' : 'bad_certificate';
}

my %names = ('AES-128-GCM' => '128-bit AES-GCM', 'AES-256-GCM' => '256-bit AES-GCM',
	'CHACHA20-POLY1305' => '256-bit CHACHA20POLY1305');

sub complaint
{
	my ($self, $role, $case, $text) = @_;

	return "no $names{ $case->{cipher} } in its output\n" if $text !~ /using $names{ $case->{cipher} }/i;
	return "not resumed, says the peer\n" if $case->{connections} > 1 &&
	    $text !~ /\b[1-9]\d* (cache hits|stateless resumes)/;
	my $got = join '', $text =~ /^(\d{15}\n)/mg;
	return "not the bytes that were sent\n" if $role eq 'client' &&
	    $got ne Process::pattern(0, _bytes($case)) x $case->{connections};
	return '';
}

1;
