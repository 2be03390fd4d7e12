# The sample, in the language of rt-setup-database: what the connector's guide asks for, and a plant to maintain.
use strict;
use warnings;

our @Queues = (
    { Name => 'Work orders',      Description => 'Maintenance work' },
    { Name => 'Service requests', Description => 'What people report' },
    { Name => 'Private',          Description => 'Not for the API' },
);
our @Catalogs = ( { Name => 'Plant', Lifecycle => 'assets' } );
our @CustomFields = (
    { Name => 'Busbar', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => [ 'Work orders', 'Service requests' ] },
    ( map { { Name => $_, Type => 'FreeformSingle', LookupType => 'RT::Catalog-RT::Asset', Queue => [0] } } 'Busbar', 'Serial number', 'Manufacturer', 'Model' ),
);
our @Users = (
    { Name => 'busbar', RealName => 'Busbar', EmailAddress => 'busbar@plant.example', Password => 'busbar-password', Privileged => 1, Lang => 'en' },
    { Name => 'tina',   RealName => 'Tina Techniker', EmailAddress => 'tina@plant.example', Password => 'tina-password', Privileged => 1 },
    { Name => 'otto',   RealName => "Otto O'Neill", EmailAddress => 'otto@plant.example', Privileged => 1 },
    { Name => 'clerk',  RealName => 'Carla Clerk', EmailAddress => 'clerk@plant.example', Password => 'clerk-password', Privileged => 1 },
);
our @Groups = (
    { Domain => 'UserDefined', Name => 'Workshop',    Description => 'Mechanics', Members => { Users => [ 'tina', 'otto' ] } },
    { Domain => 'UserDefined', Name => 'Electricity', Description => 'Electricians' },
);
our @ACL = (
    ( map { my $queue = $_; map { { UserId => 'busbar', Queue => $queue, Right => $_ } }
        qw(SeeQueue ShowTicket CreateTicket ModifyTicket DeleteTicket ReassignTicket SeeCustomField ModifyCustomField) } 'Work orders', 'Service requests' ),
    ( map { { UserId => 'busbar', Right => $_ } } qw(SeeGroup ShowCatalog ShowAsset CreateAsset ModifyAsset ShowAssetsMenu SeeCustomField ModifyCustomField ManageAuthTokens) ),
    ( map { my $user = $_; map { { UserId => $user, Queue => $_, Right => 'OwnTicket' } } 'Work orders', 'Service requests' } 'tina', 'otto' ),
);

our @Final = ( sub {
    my $root = RT::CurrentUser->new('root');
    my $make = sub {
        my ( $class, %args ) = @_;
        my $record = $class->new($root);
        my @answer = $record->Create(%args);
        die "$class $args{Name}$args{Subject}: @answer" unless $answer[0];
        return $record;
    };
    no warnings 'uninitialized';
    my $field = sub { my $cf = RT::CustomField->new($root); $cf->LoadByName( Name => $_[0], LookupType => 'RT::Catalog-RT::Asset' ); 'CustomField-' . $cf->id };
    my @states = qw(in-use in-use allocated new);
    for my $n ( 1 .. 12 ) {
        $make->( 'RT::Asset', Name => sprintf( 'PUMP-%02d', $n ), Description => "Pump $n", Catalog => $n > 10 ? 'General assets' : 'Plant', Status => $states[ $n % 4 ],
            $field->('Serial number') => sprintf( '%05d', $n ), $n % 2 ? ( $field->('Manufacturer') => 'Grundfos', $field->('Model') => "CR $n" ) : () );
    }
    my @status = qw(new open stalled resolved rejected);
    for my $n ( 1 .. 25 ) {
        my $ticket = $make->( 'RT::Ticket', Queue => 'Work orders', Subject => sprintf( 'Replace the seal of pump %02d', $n ), Requestor => 'otto', Priority => 50 * ( $n % 3 ),
            Owner => $n % 2 ? 'tina' : 'Nobody', $n % 5 ? ( Due => "2026-12-2${\($n % 10)} 10:00:00" ) : (), RefersTo => [ 'asset:' . ( $n % 12 + 1 ), 'https://docs.plant.example/' ] );
        $ticket->SetStatus( $status[ $n % 5 ] ) if $n % 5;
    }
    $make->( 'RT::Ticket', Queue => 'Service requests', Subject => "Noise № $_ – „Halle“", Requestor => 'clerk', RefersTo => 'asset:1' ) for 1 .. 6;
    $make->( 'RT::Ticket', Queue => 'Private', Subject => 'Nobody sees this' );
    $make->( 'RT::Ticket', Queue => 'Work orders', Subject => 'Deleted' )->SetStatus('deleted');
    $make->( 'RT::Ticket', Queue => 'Work orders', Subject => 'Part of the first' )->MergeInto(1);

    my $busbar = RT::CurrentUser->new('busbar');
    my ( $ok, $said, $token ) = RT::AuthToken->new($busbar)->Create( Owner => $busbar->id, Description => 'Busbar' );
    die $said unless $ok;
    open my $file, '>', "$ENV{TMPDIR}/token" or die $!;
    print $file $token;
    close $file;
} );
1;
