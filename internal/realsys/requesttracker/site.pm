# The configuration of one server, in its own directory: %DIR%, at 127.0.0.1:%PORT%. It sends no mail.
Set($rtname, 'busbar');
Set($Organization, 'busbar');
Set($WebDomain, '127.0.0.1');
Set($WebPort, %PORT%);
Set($WebPath, '');
Set($Timezone, 'UTC');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '%DIR%/rtdb');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
1;
