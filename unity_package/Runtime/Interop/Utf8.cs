using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace FlashHead.Interop
{
    /// <summary>Text for one native call: UTF-8 that ends with 0 and lives until Dispose. A null text is a null pointer.</summary>
    internal sealed unsafe class Utf8 : IDisposable
    {
        readonly List<IntPtr> _blocks = new List<IntPtr>();

        public byte* Text(string text)
        {
            if (text == null) return null;
            var bytes = Encoding.UTF8.GetBytes(text);
            var block = Allocate(bytes.Length + 1);
            Marshal.Copy(bytes, 0, block, bytes.Length);
            ((byte*)block)[bytes.Length] = 0;
            return (byte*)block;
        }

        public byte** Texts(IReadOnlyList<string> texts)
        {
            if (texts.Count == 0) return null;
            var array = (byte**)Allocate(texts.Count * sizeof(byte*));
            for (var i = 0; i < texts.Count; i++) array[i] = Text(texts[i]);
            return array;
        }

        /// <summary>What the library wrote, "" for null. `bytes`: size of its buffer, where it is one.</summary>
        public static string Read(byte* text, int bytes = int.MaxValue)
        {
            if (text == null) return "";
            var length = 0;
            while (length < bytes && text[length] != 0) length++;
            return Encoding.UTF8.GetString(text, length);
        }

        public void Dispose()
        {
            foreach (var block in _blocks) Marshal.FreeHGlobal(block);
            _blocks.Clear();
        }

        IntPtr Allocate(int bytes)
        {
            var block = Marshal.AllocHGlobal(bytes);
            _blocks.Add(block);
            return block;
        }
    }
}
