# SPDX-License-Identifier: MIT
#
# Peers that are programs of ours, written with another's TLS: peer.go, peer.py, peer.js. One
# argument, in JSON, says what to do; they print a line of it for each connection, as ktls_peer
# does. {"ask": DIR-OF-CERTIFICATES} is answered with the version and what is lacking.
package Program;
use strict;
use warnings;
use JSON::PP;
use Process;

sub new
{
	my ($class, %self) = @_;
	my $self = bless \%self, $class;

	my @program = $self->program or return $self;
	$self->{command} = \@program;
	my ($answer) = grep { /^\{/ } split /\n/, Process::output(@program, encode_json({ ask => $self->{pki} }));
	die "@program doesn't answer\n" if !defined $answer;
	$self->{facts} = decode_json($answer);
	$self->{version} = $self->{facts}{version};
	return $self;
}

# Of both roles, or "client: ticket" of one.
sub lacks
{
	my ($self, $role, $dim, $value) = @_;

	return grep { $_ eq $value || $_ eq "$role: $value" } @{ $self->{facts}{lacks} };
}

# What its API can't leave out is chosen by us. "groups": a list of several.
sub restricts
{
	my ($self, $case, $what) = @_;

	return !grep { $_ eq "TLS $case->{version} $what" || $_ eq ($case->{$what} // $what) } @{ $self->{facts}{fixed} };
}

sub _common
{
	my ($self, $role, $case, $port) = @_;
	my $pki = $self->{pki};
	my $own = $role eq 'server' ? $case->{identity} : $case->{client};
	my %do = (role => $role, port => $port, version => $case->{version}, ca => "$pki/root.pem");

	$do{cipher} = $case->{cipher} if $case->{peer_cipher};
	$do{rsa} = $case->{certificate} =~ /^RSA/ ? JSON::PP::true : JSON::PP::false;
	# Left alone where it is to offer all that it has.
	$do{groups} = $case->{peer_groups} if "@{ $case->{peer_groups} }" ne "@{ $case->{has_groups} }";
	@do{qw(cert key)} = ("$pki/$own.chain.pem", "$pki/$case->{certificate}.key") if defined $own;
	$do{alpn} = $case->{peer_alpn} if $case->{peer_alpn};
	$do{tickets} = $case->{feature} eq 'session-id' ? JSON::PP::false : JSON::PP::true;
	$do{server_name} = $case->{server_name};
	$do{other_cert} = "$pki/$case->{shown}.chain.pem" if $case->{feature} eq 'sni' && $role eq 'server';
	$do{client_auth} = $case->{client_auth} if $role eq 'server' && $case->{client_auth};
	$do{connections} = $case->{connections};
	$do{block} = $case->{feature} eq 'large' ? 65536 : 1600;
	$do{blocks} = $case->{feature} eq 'large' ? 64 : 2;
	return encode_json(\%do);
}

sub server
{
	my ($self, $case, $port) = @_;

	return { command => [ @{ $self->{command} }, $self->_common('server', $case, $port) ] };
}

sub client
{
	my ($self, $case, $port) = @_;

	return { commands => [ [ @{ $self->{command} }, $self->_common('client', $case, $port + 0) ] ], alone => 1 };
}

sub complaint
{
	my ($self, $role, $case, $text) = @_;
	my @facts = map { /^\{"/ ? decode_json($_) : () } split /\n/, $text;
	my $last = $facts[-1] or return "it says nothing\n";
	my $cipher = $last->{cipher} // '';
	my %names = ('AES-128-GCM' => qr/AES_?128.GCM/, 'AES-256-GCM' => qr/AES_?256.GCM/,
		'CHACHA20-POLY1305' => qr/CHACHA20.POLY1305/, 'AES-128-CCM' => qr/AES_?128.CCM/);
	my $peer = $role eq 'server' ? $case->{client} :
	    $case->{feature} eq 'sni' ? "wildcard-$case->{certificate}" : $case->{shown};
	my $why = '';

	$why .= "it says that it failed: $last->{error}\n" if defined $last->{error};
	$why .= "it says that the cipher is $cipher\n" if $cipher !~ $names{ $case->{cipher} };
	$why .= 'it says that it is' . ($last->{resumed} ? '' : "n't") . " resumed\n"
	    if !$last->{resumed} != ($case->{connections} == 1);
	$why .= 'it says that the protocol is ' . ($last->{alpn} // 'none') . "\n"
	    if ($last->{alpn} // '') ne ($case->{peer_alpn} ? 'http/1.1' : '');
	$why .= 'it says that the peer is ' . ($last->{peer} // 'none') . "\n"
	    if ($last->{peer} // '') ne ($peer // '') && $case->{connections} == 1;
	return $why;
}

1;
