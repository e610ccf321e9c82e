moved	{
   from   = release.shop["dev"]
	to =   release.checkout["dev"]
	}
