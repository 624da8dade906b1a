# Does in Request Tracker's database what its REST interface can't: rights, tokens, custom fields. One line of JSON in, one out.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use JSON;
use RT;

RT::LoadConfig();
RT::Init();
require RT::AuthToken;
$| = 1;

sub done {
    my ($id, $said) = @_;
    die "$said\n" unless $id;
    return $id;
}

sub user {
    my $user = RT::User->new(RT->SystemUser);
    $user->Load(shift);
    return $user;
}

sub where {
    my $name = shift or return RT->System;
    my $queue = RT::Queue->new(RT->SystemUser);
    $queue->Load($name);
    return $queue;
}

my %act = (
    person => sub {
        my ($name, $real_name, $email) = @_;
        my $user = RT::User->new(RT->SystemUser);
        done($user->Create(Name => $name, RealName => $real_name, EmailAddress => $email, Privileged => 1));
    },
    token => sub {
        my $token = RT::AuthToken->new(RT->SystemUser);
        my ($id, $said, $key) = $token->Create(Owner => user(shift)->Id, Description => 'tests');
        done($id, $said);
        return $key;
    },
    queue => sub {
        my ($name, $lifecycle) = @_;
        return done(RT::Queue->new(RT->SystemUser)->Create(Name => $name, Lifecycle => $lifecycle));
    },
    grant => sub {
        my ($name, $queue, @rights) = @_;
        done(user($name)->PrincipalObj->GrantRight(Right => $_, Object => where($queue))) for @rights;
    },
    revoke => sub {
        my ($name, $queue, @rights) = @_;
        done(user($name)->PrincipalObj->RevokeRight(Right => $_, Object => where($queue))) for @rights;
    },
    disable => sub { done(user(shift)->SetDisabled(1)) },
    enable => sub { done(user(shift)->SetDisabled(0)) },
    field => sub {
        my ($name, $queue, $person, @rights) = @_;
        my $field = RT::CustomField->new(RT->SystemUser);
        done($field->Create(Name => $name, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket'));
        done($field->AddToObject(where($queue)));
        done(user($person)->PrincipalObj->GrantRight(Right => $_, Object => $field)) for @rights;
    },
);

while (my $line = <STDIN>) {
    my ($what, @given) = @{ decode_json($line) };
    my $answer = eval { $act{$what}->(@given) };
    print encode_json($@ ? { error => "$@" } : { answer => $answer }), "\n";
}
