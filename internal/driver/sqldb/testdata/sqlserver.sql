-- columns
SELECT q.* FROM [plant].[orders] q WHERE 1 = 0
   []interface {}(nil)
-- the first page of all
SELECT TOP (11) q.[company] AS [company], q.[id] AS [id], q.[note]]"`] AS [note]]"`], CONVERT(varchar(33), q.[changed], 126) AS [changed], q.[total] AS [total], q.[company] AS [busbar_0], q.[id] AS [busbar_1] FROM [plant].[orders] q WHERE q.[company] IN (@p1, @p2) ORDER BY q.[company], q.[id]
   []interface {}{"A'; DROP", "B"}
-- the next page of all
SELECT TOP (11) q.[company] AS [company], q.[id] AS [id], q.[note]]"`] AS [note]]"`], CONVERT(varchar(33), q.[changed], 126) AS [changed], q.[total] AS [total], q.[company] AS [busbar_0], q.[id] AS [busbar_1] FROM [plant].[orders] q WHERE q.[company] IN (@p1, @p2) AND q.[company] >= CAST(@p3 AS varchar(8000)) AND (q.[company] > CAST(@p4 AS varchar(8000)) OR q.[company] = CAST(@p5 AS varchar(8000)) AND q.[id] > @p6) ORDER BY q.[company], q.[id]
   []interface {}{"A'; DROP", "B", "A", "A", "A", 9007199254740993}
-- a count of a period
SELECT COUNT(*), CONVERT(varchar(33), MAX(q.[changed]), 126), SYSUTCDATETIME() FROM [plant].[orders] q WHERE q.[company] IN (@p1, @p2) AND (q.[changed] >= CAST(@p3 AS datetime) OR q.[changed] IS NULL)
   []interface {}{"A'; DROP", "B", "2026-01-01T00:00:00"}
-- the next page of changes
SELECT TOP (11) q.[company] AS [company], q.[id] AS [id], q.[note]]"`] AS [note]]"`], CONVERT(varchar(33), q.[changed], 126) AS [changed], q.[total] AS [total], CONVERT(varchar(33), q.[changed], 126) AS [busbar_0], q.[company] AS [busbar_1], q.[id] AS [busbar_2] FROM [plant].[orders] q WHERE q.[company] IN (@p1, @p2) AND q.[changed] >= CAST(@p3 AS datetime) AND q.[changed] >= CAST(@p4 AS datetime) AND (q.[changed] > CAST(@p5 AS datetime) OR q.[changed] = CAST(@p6 AS datetime) AND q.[company] > CAST(@p7 AS varchar(8000)) OR q.[changed] = CAST(@p8 AS datetime) AND q.[company] = CAST(@p9 AS varchar(8000)) AND q.[id] > @p10) ORDER BY q.[changed], q.[company], q.[id]
   []interface {}{"A'; DROP", "B", "2026-03-04T10:00:00.123", "2026-03-04T11:00:00.007", "2026-03-04T11:00:00.007", "2026-03-04T11:00:00.007", "A", "2026-03-04T11:00:00.007", "A", 12}
-- rows without a time of change
SELECT TOP (11) q.[company] AS [company], q.[id] AS [id], q.[note]]"`] AS [note]]"`], CONVERT(varchar(33), q.[changed], 126) AS [changed], q.[total] AS [total], q.[company] AS [busbar_0], q.[id] AS [busbar_1] FROM [plant].[orders] q WHERE q.[company] IN (@p1, @p2) AND COALESCE(q.[changed], q.[total]) IS NULL ORDER BY q.[company], q.[id]
   []interface {}{"A'; DROP", "B"}
-- what belongs to rows
SELECT q.[company] AS [company], q.[id] AS [id], q.[note]]"`] AS [note]]"`], CONVERT(varchar(33), q.[changed], 126) AS [changed], q.[total] AS [total] FROM (
SELECT * FROM lines
) q WHERE (q.[company] = @p1 AND q.[id] = @p2 OR q.[company] = @p3 AND q.[id] = @p4)
   []interface {}{"A", 1, "B", 2}
-- an insert
INSERT INTO [plant].[orders] ([note]]"`], [changed], [total], [company]) OUTPUT INSERTED.[id] VALUES (@p1, CAST(@p2 AS datetime), CAST(@p3 AS decimal(38,10)), NULL)
   []interface {}{"it's", "2026-03-04T11:00:00.5", "12.50"}
-- an update
UPDATE [plant].[orders] SET [note]]"`] = @p1, [changed] = CAST(@p2 AS datetime), [total] = CAST(@p3 AS decimal(38,10)), [company] = NULL WHERE [company] = @p4 AND [id] = @p5 AND [changed] = CAST(@p6 AS datetime) AND [note]]"`] IS NULL
   []interface {}{"it's", "2026-03-04T11:00:00.5", "12.50", "A", 1, "2026-03-04T11:00:00"}
-- a lock
SELECT [company], [id] FROM [plant].[orders] WITH (UPDLOCK, HOLDLOCK) WHERE [company] = @p1 AND [id] = @p2
   []interface {}{"A", 1}
-- a procedure
EXEC [plant].[close] @p1
   []interface {}(nil)
-- at the beginning of a connection
SET XACT_ABORT OFF
   []interface {}(nil)
-- at the beginning of a connection
SET LOCK_TIMEOUT 60000
   []interface {}(nil)
-- the version
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64)), SUSER_SNAME()
   []interface {}(nil)
