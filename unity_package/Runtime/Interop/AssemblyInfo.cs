using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("FlashHead.Core")]
[assembly: InternalsVisibleTo("FlashHead.Tests")]
