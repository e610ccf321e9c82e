locals	{
   straße   = "größer"	# Kommentar mit Umlaut äöü
	x	=   "日本語"	# コメント
 emoji =	"👩‍🚀"   # astronaut
 combining	= "é"   # accent
}
