-- Lists by profile need no row opened: a profile's name is about nobody. NULL in rows that were not written or sealed anew
-- since; registration seals those anew when it starts.
ALTER TABLE applications ADD COLUMN profile TEXT;
CREATE INDEX applications_by_profile ON applications (profile, opened, id);
